/**
 * On what basis a portrait may be animated: asked before anything is sent, and kept by the server's
 * ledger alone. This page remembers nothing.
 */

import { answers, check } from './consent-answers.js';
import { $ } from './dom.js';
import { onLanguage, t } from './i18n.js';
import { wordsOf } from './notices.js';

/** Bases on which a real person is shown, so that their age is asked. */
const OF_PEOPLE = new Set(['self', 'permission']);
const SIDE = 96;

/** Codes of refusals that other answers, or another try, may mend; others are about the picture. */
const OF_ANSWERS = new Set(['consent', 'bad_option', 'bad_request']);

const form = () => $('consent-form');
/** What the dialog does with the answers, while it is open. */
let onStated = null;
const chosen = (name) => form().elements[name].value;

/** Show the questions that the answers so far lead to, and the text that is agreed to. */
function follow() {
  const basis = chosen('basis');
  const people = OF_PEOPLE.has(basis);
  const minor = people ? chosen('minor') : '';
  const shown = {
    'consent-age': people,
    'consent-permission': basis === 'permission',
    'consent-guardian': minor === 'true',
  };
  for (const [id, visible] of Object.entries(shown)) {
    // What is hidden is neither needed nor sent.
    $(id).hidden = !visible;
    $(id).disabled = !visible;
  }
  const parts = [];
  if (basis) parts.push(t(`consent.text.${basis}`));
  if (basis === 'permission' && form().elements.until.value) parts.push(t('consent.text.limited'));
  if (minor) parts.push(t(minor === 'true' ? 'consent.text.guardian' : 'consent.text.adult'));
  $('consent-text').textContent = parts.join(' ');
  $('consent-text').hidden = parts.length === 0;
  check(form());
}

async function preview(picture) {
  const canvas = $('consent-picture');
  canvas.hidden = true;
  try {
    const image = await createImageBitmap(picture);
    const side = Math.min(image.width, image.height);
    const [left, top] = [(image.width - side) / 2, (image.height - side) / 4];
    canvas.width = SIDE;
    canvas.height = SIDE;
    canvas.getContext('2d').drawImage(image, left, top, side, side, 0, 0, SIDE, SIDE);
    image.close();
    canvas.hidden = false;
  } catch {
    // What the browser cannot show, the server may still read.
  }
}

function refuse(cause) {
  const place = $('consent-error');
  place.textContent = wordsOf(cause, 'portrait');
  place.hidden = false;
  const found = cause.param ? form().elements[cause.param] : null;
  const field = found instanceof RadioNodeList ? found[0] : found;
  const usable = field && !field.matches(':disabled');
  if (usable) {
    field.setAttribute('aria-invalid', 'true');
    field.focus();
  } else place.focus();
}

function setBusy(busy) {
  $('consent-busy').hidden = !busy;
  form().querySelector('[type=submit]').disabled = busy;
  if (busy) $('consent-error').hidden = true;
}

/** Whether the dialog can help: it stays open then, with what was typed. */
function mendable({ name, status, code }) {
  if (name !== 'ServerError') return false;
  return OF_ANSWERS.has(code) || [0, 401, 429, 503].includes(status);
}

/**
 * Ask on what basis a picture may be animated, and send it. The dialog closes once it was taken, or
 * refused for what it shows; what else the server refuses is told in it.
 * @param {Blob} picture
 * @param {(consent: object, signal: AbortSignal) => Promise<any>} send takes fields of the upload
 * @returns {Promise<any>} what was sent; null where nothing was stated
 * @throws {Error} that of `send`, where other answers would not help
 */
export async function askConsent(picture, send) {
  const dialog = $('consent-dialog');
  if (dialog.open) return null;
  form().reset();
  $('consent-error').hidden = true;
  setBusy(false);
  follow();
  dialog.showModal();
  preview(picture);
  const sending = new AbortController();
  return new Promise((resolve, reject) => {
    onStated = async () => {
      setBusy(true);
      try {
        resolve(await send(answers(form()), sending.signal));
      } catch (cause) {
        if (sending.signal.aborted) return;
        setBusy(false);
        if (mendable(cause)) {
          refuse(cause);
          return;
        }
        reject(cause);
      }
      dialog.close();
    };
    dialog.addEventListener(
      'close',
      () => {
        onStated = null;
        sending.abort();
        resolve(null);
      },
      { once: true },
    );
  });
}

/**
 * Ask whether consent is to be taken back.
 * @returns {Promise<string | null>} the reason, which may be empty; null where it is not
 */
export async function askRevocation() {
  const dialog = $('revoke-dialog');
  if (dialog.open) return null;
  $('revoke-form').reset();
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener(
      'close',
      () => resolve(dialog.returnValue === 'revoke' ? $('revoke-reason').value.trim() : null),
      { once: true },
    );
  });
}

export function setUpConsent() {
  form().addEventListener('change', follow);
  form().addEventListener('input', () => check(form()));
  form().addEventListener('submit', (event) => {
    event.preventDefault();
    onStated?.();
  });
  $('revoke-form').addEventListener('submit', (event) => {
    event.preventDefault();
    $('revoke-dialog').close('revoke');
  });
  onLanguage(follow);
}
