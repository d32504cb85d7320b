/** Messages at the edge of the page: what was refused and why, what happened. */

import { $, icon, make } from './dom.js';
import { date, t } from './i18n.js';

const STAY_MS = 8000;
/** A refusal takes longer to read. */
const REFUSAL_STAYS_MS = 12_000;
const MOST = 4;

/** Let a notice go after a while, which begins anew when the pointer or the focus leaves it. */
function leave(note, stayMs) {
  let timer = 0;
  const stay = () => clearTimeout(timer);
  const go = () => {
    stay();
    if (!note.matches(':hover, :focus-within')) timer = setTimeout(() => note.remove(), stayMs);
  };
  note.addEventListener('pointerenter', stay);
  note.addEventListener('focusin', stay);
  note.addEventListener('pointerleave', go);
  // The focus is still there while it leaves.
  note.addEventListener('focusout', () => setTimeout(go));
  go();
}

function show(words, kind) {
  const place = $('notices');
  // What is there already is not read out again, however often it happens.
  if ([...place.children].some((other) => other.dataset.words === words)) return;
  const close = make('button', { type: 'button', attrs: { 'aria-label': t('close') } }, icon('close'));
  const note = make(
    'div',
    { className: `notice ${kind}`, dataset: { words } },
    make('p', { textContent: words, attrs: kind === 'error' ? { role: 'alert' } : {} }),
    close,
  );
  close.addEventListener('click', () => note.remove());
  place.append(note);
  while (place.children.length > MOST) place.firstElementChild.remove();
  leave(note, kind === 'error' ? REFUSAL_STAYS_MS : STAY_MS);
}

/** Say something good to know. */
export const inform = (words) => show(words, 'info');

/** Say that something was refused. */
export const complain = (words) => show(words, 'error');

/** Why consent does not suffice, in the page's own words; null where it has none for it. */
function ofConsent({ code, reason, param, day }) {
  if (code !== 'consent') return null;
  if (reason === 'revoked' || reason === 'expired') {
    return day ? t(`consent.${reason}.on`, { day: date(day) }) : t(`consent.${reason}`);
  }
  const known = ['basis', 'of', 'given', 'until', 'minor', 'guardian'];
  return known.includes(param) ? t(`consent.need.${param}`) : null;
}

/** Why the server refused something: in the page's words, else its own sentence in their frame. */
export function wordsOf(cause, what = 'refused') {
  if (cause?.status === 0) return t('error.unreachable');
  if (cause?.status === 401) return t('error.token');
  if (cause?.status === 429 || cause?.status === 503) {
    const seconds = Math.ceil(cause.retryAfterS ?? 5);
    return t('error.later', { message: cause.message, seconds });
  }
  const message = ofConsent(cause ?? {}) ?? cause?.message ?? String(cause);
  return t(`error.${what}`, { message });
}

/** Say why the server refused something. */
export function complainOf(cause, what = 'refused') {
  if (cause?.name !== 'AbortError') complain(wordsOf(cause, what));
}
