/**
 * On what basis a portrait may be animated: asked before anything is sent, and kept by the server's
 * ledger alone. This page remembers nothing.
 */

import { $ } from './dom.js';
import { language, onLanguage, t } from './i18n.js';

/** Bases on which a real person is shown, so that their age is asked. */
const OF_PEOPLE = new Set(['self', 'permission']);
const SIDE = 96;

const form = () => $('consent-form');
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

/** The answers as the server takes them. */
function answers() {
  const data = new FormData(form());
  const said = { language };
  for (const name of ['basis', 'minor', 'of', 'given', 'until']) {
    const value = data.get(name)?.trim();
    if (value) said[name] = value;
  }
  if (data.get('guardian')) {
    said.guardian = `${data.get('guardian').trim()}, ${data.get('relation').trim()}`;
  }
  return said;
}

/**
 * Ask on what basis a picture may be animated.
 * @param {Blob} picture
 * @returns {Promise<object | null>} fields of the upload; null where nothing was stated
 */
export async function askConsent(picture) {
  const dialog = $('consent-dialog');
  if (dialog.open) return null;
  form().reset();
  follow();
  dialog.returnValue = '';
  dialog.showModal();
  preview(picture);
  return new Promise((resolve) => {
    dialog.addEventListener(
      'close',
      () => resolve(dialog.returnValue === 'stated' ? answers() : null),
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
  form().addEventListener('submit', (event) => {
    event.preventDefault();
    $('consent-dialog').close('stated');
  });
  $('revoke-form').addEventListener('submit', (event) => {
    event.preventDefault();
    $('revoke-dialog').close('revoke');
  });
  onLanguage(follow);
}
