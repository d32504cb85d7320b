/** Nine emotions as a wheel: neutral in the middle, strength outwards; or as the voice goes. */

import { clamp, draw } from '../dom.js';
import { number, t } from '../i18n.js';

/** Clockwise from the top. */
export const EMOTIONS = Object.freeze([
  'surprised', 'happy', 'tender', 'sad', 'contemptuous', 'disgusted', 'angry', 'afraid',
]);
const RADIUS = 86;
const LABELS = 98;
const BOX = { left: -160, top: -113, width: 320, height: 226 };
/** Nearer to the middle than this is neutral. */
const CALM = 0.1;
const KEY_STEP = 0.1;
const FIRST_STRENGTH = 0.6;

const angleOf = (index) => ((index + 0.5) * Math.PI) / 4;
const at = (angle, radius) => [radius * Math.sin(angle), -radius * Math.cos(angle)];

function wedge(index, radius) {
  const [a, b] = at(angleOf(index - 0.5), radius);
  const [c, d] = at(angleOf(index + 0.5), radius);
  return `M0 0L${a} ${b}A${radius} ${radius} 0 0 1 ${c} ${d}Z`;
}

export class EmotionWheel {
  #parts;
  #onchange;
  #sectors;
  #labels;
  #reach = draw('path', { class: 'sector on' });
  #thumb = draw('circle', { class: 'thumb', r: 8 });
  #emotion = 'neutral';
  #strength = FIRST_STRENGTH;

  /**
   * @param {{wheel: HTMLElement, value: HTMLElement, auto: HTMLInputElement}} parts
   * @param {(emotion: string, strength: number) => void} onchange
   */
  constructor(parts, onchange) {
    this.#parts = parts;
    this.#onchange = onchange;
    const { wheel, auto } = parts;
    this.#sectors = EMOTIONS.map((_, index) => draw('path', { class: 'sector', d: wedge(index, RADIUS) }));
    this.#labels = EMOTIONS.map((_, index) => {
      const [x, y] = at(angleOf(index), LABELS);
      return draw('text', {
        x,
        y: y + 4,
        'text-anchor': x > 0 ? 'start' : 'end',
      });
    });
    const { left, top, width, height } = BOX;
    wheel.append(
      draw(
        'svg',
        { viewBox: `${left} ${top} ${width} ${height}`, 'aria-hidden': 'true' },
        ...this.#sectors,
        this.#reach,
        draw('circle', { class: 'ring', r: RADIUS / 2 }),
        this.#thumb,
        ...this.#labels,
      ),
    );
    wheel.addEventListener('pointerdown', (event) => {
      wheel.setPointerCapture(event.pointerId);
      this.#point(event);
    });
    wheel.addEventListener('pointermove', (event) => {
      if (wheel.hasPointerCapture(event.pointerId)) this.#point(event);
    });
    wheel.addEventListener('dblclick', () => this.#choose('neutral', 0));
    wheel.addEventListener('keydown', (event) => this.#key(event));
    auto.addEventListener('change', () => {
      this.#choose(auto.checked ? 'auto' : 'neutral', this.#strength);
    });
    this.show();
  }

  #point(event) {
    const box = this.#parts.wheel.getBoundingClientRect();
    const x = BOX.left + (BOX.width * (event.clientX - box.left)) / box.width;
    const y = BOX.top + (BOX.height * (event.clientY - box.top)) / box.height;
    const strength = Math.hypot(x, y) / RADIUS;
    if (strength < CALM) {
      this.#choose('neutral', 0);
      return;
    }
    const turn = (Math.atan2(x, -y) + 2 * Math.PI) % (2 * Math.PI);
    this.#choose(EMOTIONS[Math.floor(turn / (Math.PI / 4)) % 8], strength);
  }

  #key(event) {
    const index = EMOTIONS.indexOf(this.#emotion);
    const turned = (step) => EMOTIONS[index < 0 ? (step > 0 ? 0 : 7) : (index + step + 8) % 8];
    const strength = index < 0 ? FIRST_STRENGTH : this.#strength;
    const to = {
      ArrowRight: [turned(1), strength],
      ArrowLeft: [turned(-1), strength],
      ArrowUp: [index < 0 ? EMOTIONS[0] : this.#emotion, strength + (index < 0 ? 0 : KEY_STEP)],
      ArrowDown: [this.#emotion, this.#strength - KEY_STEP],
      Home: ['neutral', 0],
    }[event.key];
    if (!to) return;
    event.preventDefault();
    if (to[1] < CALM / 2) this.#choose('neutral', 0);
    else this.#choose(...to);
  }

  #choose(emotion, strength) {
    this.set(emotion, strength);
    this.#onchange(this.#emotion, this.#strength);
  }

  /** Show an emotion without telling anyone. */
  set(emotion, strength) {
    this.#emotion = emotion;
    this.#strength = Math.round(clamp(strength, 0, 1) * 20) / 20;
    this.#parts.auto.checked = emotion === 'auto';
    this.show();
  }

  show() {
    const { wheel, value } = this.#parts;
    const chosen = EMOTIONS.indexOf(this.#emotion);
    for (const [index, label] of this.#labels.entries()) {
      label.textContent = t(`emotion.${EMOTIONS[index]}`);
      label.classList.toggle('on', index === chosen);
    }
    const [x, y] = chosen < 0 ? [0, 0] : at(angleOf(chosen), RADIUS * this.#strength);
    this.#thumb.setAttribute('cx', x);
    this.#thumb.setAttribute('cy', y);
    this.#reach.setAttribute('d', chosen < 0 ? 'M0 0' : wedge(chosen, RADIUS * this.#strength));
    const percent = Math.round(100 * this.#strength);
    const words = chosen < 0
      ? t(`emotion.${this.#emotion === 'auto' ? 'auto' : 'neutral'}`)
      : t('emotion.value', { emotion: t(`emotion.${this.#emotion}`), percent: number(percent) });
    value.textContent = words;
    wheel.classList.toggle('auto', this.#emotion === 'auto');
    wheel.setAttribute('aria-valuenow', chosen < 0 ? 0 : percent);
    wheel.setAttribute('aria-valuetext', words);
  }
}
