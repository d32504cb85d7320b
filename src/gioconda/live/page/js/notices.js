/** Messages at the edge of the page: what was refused and why, what happened. */

import { $, icon, make } from './dom.js';
import { t } from './i18n.js';

const STAY_MS = 8000;
const MOST = 4;

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
  // What was refused stays until it has been read.
  if (kind !== 'error') setTimeout(() => note.remove(), STAY_MS);
}

/** Say something good to know. */
export const inform = (words) => show(words, 'info');

/** Say that something was refused. */
export const complain = (words) => show(words, 'error');

/** Say why the server refused something: its own sentence in a frame of the page's language. */
export function complainOf(cause, what = 'refused') {
  if (cause?.name === 'AbortError') return;
  if (cause?.status === 0) complain(t('error.unreachable'));
  else if (cause?.status === 401) complain(t('error.token'));
  else if (cause?.status === 429 || cause?.status === 503) {
    const seconds = Math.ceil(cause.retryAfterS ?? 5);
    complain(t('error.later', { message: cause.message, seconds }));
  } else complain(t(`error.${what}`, { message: cause?.message ?? String(cause) }));
}
