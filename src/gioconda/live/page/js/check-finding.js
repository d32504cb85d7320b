/** What was found of a file, as elements. Texts of the file are only ever text. */

import { draw, make } from './dom.js';
import { language, number, t } from './i18n.js';

const TONES = {
  made_with_gioconda: 'is-ours',
  credentials_only: 'is-ours',
  spliced: 'is-warning',
  altered: 'is-warning',
  contradicted: 'is-warning',
};
const SYNTHETIC = /algorithmicmedia|compositesynthetic|datadrivenmedia|virtualrecording/i;
const CAPTURED = /^(digitalCapture|computationalCapture|negativeFilm|positiveFilm|print)$/;
/** Strength at which a bar is full, in standard deviations. */
const FULL_Z = 30;
const WIDTH = 800;
const HEIGHT = 64;
const SMALLEST = 5;
const NAMED = 4;
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];

function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

function instant(text) {
  const format = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
  return format.format(new Date(text));
}

const span = (from, to) => t('check.span', { from: clock(from), to: clock(to) });

function spans(stretches, status) {
  const chosen = stretches.filter((each) => each.status === status);
  const named = chosen.slice(0, NAMED).map((each) => span(each.start_s, each.end_s));
  if (chosen.length > NAMED) named.push('…');
  return named.join(', ');
}

function sourceWords(type) {
  const last = type.split('/').pop();
  if (SYNTHETIC.test(last)) return t('check.says.synthetic');
  if (CAPTURED.test(last)) return t('check.says.captured');
  return last;
}

function facts(pairs) {
  const told = pairs.filter(([, value]) => value);
  if (told.length === 0) return [];
  const items = told.flatMap(([name, value]) => [
    make('dt', { textContent: name }),
    make('dd', { textContent: value }),
  ]);
  return [make('dl', {}, ...items)];
}

function card(heading, state, tone, pairs) {
  return make(
    'section',
    { className: `check-card ${tone}` },
    make('h3', { textContent: heading }),
    make('p', { className: 'check-state', textContent: state }),
    ...facts(pairs),
  );
}

/** Say when a file was signed, and by whose word where no time server attests it. */
function signedAt(found) {
  const time = instant(found.signed_at);
  return found.timestamped ? time : t('check.fact.signed.says', { time });
}

function credentials(found) {
  const state = found.own ? 'own' : found.status;
  const wrong = found.status === 'invalid' || found.status === 'unreadable';
  const good = found.status === 'trusted' || found.status === 'valid_unknown_signer';
  return card(
    t('check.credentials'),
    t(`check.credentials.${state}`),
    wrong ? 'is-warning' : good ? 'is-ours' : '',
    [
      [t('check.fact.signer'), found.signer],
      [t('check.fact.signed'), found.signed_at && signedAt(found)],
      [t('check.fact.program'), found.generator],
      [t('check.fact.says'), found.source_type && sourceWords(found.source_type)],
    ],
  );
}

function watermark(found) {
  const searched = found.status !== 'not_looked_for';
  const { looked } = found;
  // Figures of noise say nothing, and look as if they did.
  const nothing = found.status === 'not_detected';
  const part = looked.of_s && (looked.parts > 1 || looked.cut);
  const chance = found.false_alarm < 1e-12 ? '< 1e-12' : found.false_alarm.toPrecision(1);
  return card(
    t('check.watermark'),
    t(`check.watermark.${found.status}`),
    found.status === 'detected' ? 'is-ours' : '',
    [
      [
        t('check.fact.strength'),
        searched && (nothing ? t('check.strength.nothing') : number(found.z, 1)),
      ],
      [t('check.fact.chance'), searched && !nothing && chance],
      [t('check.fact.operator'), found.identifier],
      [
        t('check.fact.looked'),
        part && t('check.looked', { seconds: number(looked.seconds), of: number(looked.of_s) }),
      ],
    ],
  );
}

function log(found) {
  return card(
    t('check.log'),
    t(`check.log.${found.status}`),
    found.status === 'unknown' ? '' : 'is-ours',
    [[t('check.fact.made'), found.made_at && instant(found.made_at)]],
  );
}

function timeline({ stretches }, lengthS) {
  const endS = Math.max(stretches.at(-1).end_s, lengthS ?? 0);
  const base = HEIGHT - 1;
  const bars = stretches.map((each) => {
    const part = each.status === 'detected' ? Math.min(each.z / FULL_Z, 1) : 0;
    const tall = Math.max(base * part, SMALLEST);
    const words = `${span(each.start_s, each.end_s)}: ${t(`check.watermark.${each.status}`)}`;
    return draw(
      'rect',
      {
        x: (WIDTH * each.start_s) / endS,
        y: base - tall,
        width: Math.max((WIDTH * (each.end_s - each.start_s)) / endS, 1),
        height: tall,
        class: each.status,
      },
      draw('title', {}, words),
    );
  });
  const words = stretches
    .slice(0, 12)
    .map((each) => `${span(each.start_s, each.end_s)} ${t(`check.watermark.${each.status}`)}`)
    .join('; ');
  const step = STEPS_S.find((seconds) => endS / seconds <= 6) ?? endS;
  const marks = [];
  for (let at = 0; at <= endS; at += step) {
    const x = (WIDTH * at) / endS;
    const anchor = at === 0 ? 'start' : x > WIDTH - 30 ? 'end' : 'middle';
    // Not drawn into the picture, whose width is stretched.
    const mark = make('span', { className: `at ${anchor}`, textContent: clock(at) });
    mark.style.setProperty('left', `${(100 * at) / endS}%`);
    marks.push(mark);
  }
  return make(
    'figure',
    { className: 'check-timeline' },
    draw(
      'svg',
      {
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        preserveAspectRatio: 'none',
        role: 'img',
        'aria-label': t('check.timeline', { words }),
      },
      ...bars,
      draw('path', { d: `M0 ${base}H${WIDTH}`, class: 'base' }),
    ),
    make('p', { className: 'check-times', attrs: { 'aria-hidden': 'true' } }, ...marks),
  );
}

function claims(list) {
  const items = list.map(({ where, name, text }) => [
    `${where} ${name}`,
    /DigitalSourceType/i.test(name) ? `${text.split('/').pop()} (${sourceWords(text)})` : text,
  ]);
  return make(
    'section',
    { className: 'check-claims' },
    make('h3', { textContent: t('check.claims') }),
    ...facts(items),
  );
}

/**
 * @param {object} finding as `POST /v1/verify` answers
 * @param {string} name of the file, as its owner has it
 * @returns {Element[]}
 */
export function showFinding(finding, name) {
  const { code } = finding.verdict;
  const { stretches } = finding.watermark;
  const why = t(`check.why.${code}`, {
    marked: spans(stretches, 'detected'),
    bare: spans(stretches, 'not_detected'),
  });
  const drawn = stretches.some(({ status }) => status === 'detected');
  const moves = finding.watermark.looked.frames > 1 && drawn;
  return [
    make(
      'div',
      { className: `check-verdict ${TONES[code] ?? ''}` },
      make('p', { className: 'hint', textContent: t('check.about', { name }) }),
      make('h3', { id: 'check-verdict', textContent: t(`check.verdict.${code}`) }),
      make('p', { textContent: why }),
    ),
    ...(moves && stretches.at(-1).end_s > 0
      ? [timeline(finding.watermark, finding.file.length_s)] : []),
    make(
      'div',
      { className: 'check-cards' },
      credentials(finding.credentials),
      watermark(finding.watermark),
      log(finding.log),
    ),
    ...(finding.claims.length > 0 ? [claims(finding.claims)] : []),
    make('p', { className: 'hint', textContent: t('check.foot') }),
  ];
}
