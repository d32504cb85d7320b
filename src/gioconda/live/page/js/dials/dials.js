/** The panel of dials: each acts while the face talks. */

import { $, make, throttled } from '../dom.js';
import { number, onLanguage, setWords, t } from '../i18n.js';
import { EmotionWheel } from './emotion-wheel.js';
import { GazePad } from './gaze-pad.js';

const SEND_EVERY_MS = 50;
/** Seeds that a person can write down. */
const SEEDS = 100_000;

const percent = (value) => `${number(100 * value)} %`;
const SLIDERS = [
  { name: 'distance', low: 0.7, high: 2, rest: 1, words: (value) => `× ${number(value, 2)}` },
  { name: 'expression', low: 0, high: 2, rest: 1, words: percent },
  { name: 'head', low: 0, high: 2, rest: 1, words: percent },
  { name: 'blinks', low: 0, high: 2, rest: 1, words: percent },
];

export function setUpDials(app) {
  let waiting = {};
  const flush = throttled(SEND_EVERY_MS, () => {
    app.update({ controls: waiting });
    waiting = {};
  });
  const send = (controls) => {
    Object.assign(waiting, controls);
    flush();
  };

  const gaze = new GazePad($('gaze'), $('gaze-value'), (value) => send({ gaze: value }));
  const emotion = new EmotionWheel(
    { wheel: $('emotion'), value: $('emotion-value'), auto: $('emotion-auto') },
    (name, strength) => send({ emotion: name, emotion_strength: strength }),
  );
  const sliders = SLIDERS.map((dial) => slider(dial, send));
  $('sliders').append(...sliders.map(({ element }) => element));

  const colour = $('background-colour');
  const background = () => {
    const kind = document.querySelector('[name="background"]:checked').value;
    app.update({ background: kind === 'colour' ? colour.value : kind });
  };
  for (const radio of document.querySelectorAll('[name="background"]')) {
    radio.addEventListener('change', background);
  }
  colour.addEventListener('input', throttled(120, () => {
    document.querySelector('[name="background"][value="colour"]').checked = true;
    background();
  }));

  // The first seconds show it in any case; this can only add to them.
  $('label').addEventListener('change', ({ target }) => app.update({ label: target.checked }));

  const seed = $('seed');
  seed.addEventListener('change', () => {
    const value = Math.max(0, Math.floor(Number(seed.value) || 0));
    seed.value = value;
    app.setOption('seed', value);
  });
  $('seed-new').addEventListener('click', () => {
    seed.value = Math.floor(Math.random() * SEEDS);
    app.setOption('seed', Number(seed.value));
  });

  $('dials-reset').addEventListener('click', () => {
    gaze.set([0, 0]);
    emotion.set('neutral', 0.6);
    for (const one of sliders) one.reset();
    document.querySelector('[name="background"][value="keep"]').checked = true;
    app.update({
      controls: {
        gaze: [0, 0],
        emotion: 'neutral',
        emotion_strength: 0.6,
        ...Object.fromEntries(SLIDERS.map(({ name, rest }) => [name, rest])),
      },
      background: 'keep',
    });
  });
  onLanguage(() => {
    gaze.show();
    emotion.show();
    for (const one of sliders) one.show();
  });
}

function slider({ name, low, high, rest, words }, send) {
  const label = make('span');
  setWords(label, `dial.${name}`);
  const input = make('input', { type: 'range', min: low, max: high, step: 0.05, value: rest });
  input.id = `dial-${name}`;
  const output = make('output', { attrs: { 'aria-hidden': 'true' } });
  const show = () => {
    output.textContent = words(Number(input.value));
    input.setAttribute('aria-valuetext', output.textContent);
    input.setAttribute('aria-label', t(`dial.${name}`));
  };
  const set = (value) => {
    input.value = value;
    show();
  };
  input.addEventListener('input', () => {
    show();
    send({ [name]: Number(input.value) });
  });
  input.addEventListener('dblclick', () => {
    set(rest);
    send({ [name]: rest });
  });
  return { element: make('label', {}, label, input, output), show, reset: () => set(rest) };
}
