/** The portrait: choose, drop, paste or take one; what was found in it; others on the server. */

import { EXAMPLE } from './app.js';
import { takePhoto } from './camera.js';
import { askConsent, askRevocation } from './consent.js';
import { $, icon, make } from './dom.js';
import { number, onLanguage, t } from './i18n.js';
import { complainOf, inform, wordsOf } from './notices.js';
import {
  address, deletePortrait, portraitInfo, revokePortrait, uploadPortrait,
} from './rest.js';

const TAKEN = new Set(['image/jpeg', 'image/png', 'image/webp']);
const MOST_BYTES = 20e6;
const MOST_PIXELS = 25e6;
const JPEG_QUALITY = 0.94;
/** The sheet is asked for so long after the face has begun to live. */
const SETTLE_MS = 1200;

/** The picture as the server takes it; what only the browser can read becomes a JPEG. */
async function prepared(file) {
  let image;
  try {
    image = await createImageBitmap(file);
  } catch {
    // The server says best what is wrong with it.
    return file;
  }
  const pixels = image.width * image.height;
  const fits = TAKEN.has(file.type) && file.size <= MOST_BYTES && pixels <= MOST_PIXELS;
  if (fits) {
    image.close();
    return file;
  }
  const scale = Math.min(1, Math.sqrt(MOST_PIXELS / pixels));
  const canvas = new OffscreenCanvas(
    Math.floor(image.width * scale),
    Math.floor(image.height * scale),
  );
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  image.close();
  return canvas.convertToBlob({ type: 'image/jpeg', quality: JPEG_QUALITY });
}

export function setUpPortrait(app) {
  // Only what was uploaded from here: nobody sees what others brought.
  const known = new Map();
  /** Pictures that were sent, with what was stated about them; gone with this page. */
  const sent = new Map();
  let refusal = null;
  let settled = null;

  function facts(portrait) {
    if (refusal) return [{ words: wordsOf(refusal, 'animated'), kind: 'refused' }];
    if (!portrait) return [];
    const turned = Math.abs(portrait.yaw_deg);
    const lines = [];
    const many = portrait.faces > 1;
    lines.push({ words: many ? t('portrait.faces', { count: portrait.faces }) : t('portrait.face') });
    if (turned < 4) lines.push({ words: t('portrait.frontal') });
    else {
      const key = portrait.yaw_deg > 0 ? 'portrait.right' : 'portrait.left';
      lines.push({ words: t(key, { degrees: number(turned) }) });
    }
    if (portrait.about) {
      // What is shipped is not what anybody here states, and says more than its basis.
      lines.push({ words: t('portrait.shipped'), kind: 'shipped' });
    } else if (portrait.basis) {
      lines.push({ words: t('portrait.basis', { basis: t(`consent.${portrait.basis}`) }) });
    }
    for (const words of portrait.warnings ?? []) lines.push({ words, kind: 'warning' });
    return lines;
  }

  function show() {
    const portrait = known.get(app.portrait);
    const picture = portrait?.picture ?? `v1/portraits/${app.portrait}/picture.jpg`;
    if (app.info && $('portrait-picture').src !== address(picture)) {
      $('portrait-picture').src = address(picture);
    }
    $('portrait-facts').replaceChildren(
      ...facts(portrait).map(({ words, kind = '' }) =>
        make('li', { textContent: words, className: kind })),
    );
    $('portrait-revoke').hidden = app.portrait === EXAMPLE || !portrait;
    const sheet = portrait?.sheet && settled === app.portrait ? address(portrait.sheet) : '';
    if (sheet !== $('sheet-large').src) {
      $('portrait-sheet').hidden = true;
      for (const id of ['portrait-sheet-picture', 'sheet-large']) {
        if (sheet) $(id).src = sheet;
        else $(id).removeAttribute('src');
      }
    }
    showOthers();
  }

  function showOthers() {
    const list = [...known.values()];
    $('portrait-others').hidden = list.length < 2;
    $('portrait-list').replaceChildren(
      ...list.map((portrait, index) => {
        const name = portrait.id === EXAMPLE
          ? t('portrait.example') : t('portrait.number', { number: index });
        const pick = make(
          'button',
          {
            type: 'button',
            className: 'pick',
            attrs: { 'aria-label': name, 'aria-pressed': String(portrait.id === app.portrait) },
          },
          make('img', { src: address(portrait.picture), alt: '' }),
        );
        pick.addEventListener('click', () => choose(portrait.id));
        const item = make('li', {}, pick);
        if (portrait.id !== EXAMPLE) {
          const label = t('portrait.remove', { name });
          const remove = make(
            'button',
            { type: 'button', className: 'remove', attrs: { 'aria-label': label } },
            icon('close'),
          );
          remove.addEventListener('click', () => forget(portrait.id));
          item.append(remove);
        }
        return item;
      }),
    );
  }

  async function refresh() {
    try {
      known.set(EXAMPLE, await portraitInfo(EXAMPLE));
    } catch {
      // What was found in it is a convenience; the session itself says what is wrong.
    }
    show();
  }

  async function choose(id) {
    refusal = null;
    if (id !== app.portrait) await app.setPortrait(id);
    show();
  }

  async function forget(id) {
    if (id === app.portrait) await app.setPortrait(EXAMPLE);
    known.delete(id);
    sent.delete(id);
    show();
    await deletePortrait(id).catch((cause) => cause.status === 404 || complainOf(cause));
  }

  /** Ask about a picture, then send and animate it. */
  async function take(file) {
    await animate(() => askConsent(file, (consent, signal) => send(file, consent, signal)));
  }

  async function send(file, consent, signal) {
    const picture = await prepared(file);
    const portrait = await uploadPortrait(picture, consent, signal);
    return { picture, consent, portrait };
  }

  /** Animate what is sent, or say why it was refused. */
  async function animate(sending) {
    refusal = null;
    show();
    try {
      const taken = await sending();
      if (!taken) return;
      const { portrait, picture, consent } = taken;
      known.set(portrait.id, portrait);
      sent.set(portrait.id, { picture, consent });
      await app.setPortrait(portrait.id);
    } catch (cause) {
      if (cause.status > 0 && cause.status !== 401) refusal = cause;
      complainOf(cause, 'portrait');
    } finally {
      show();
    }
  }

  async function sendAgain({ picture, consent }) {
    $('portrait-busy').hidden = false;
    $('portrait-facts').replaceChildren();
    await animate(() => send(picture, consent));
    $('portrait-busy').hidden = true;
  }

  /** Servers forget portraits that nobody looks at; this page still has the picture. */
  async function restore({ id }) {
    const again = sent.get(id);
    known.delete(id);
    sent.delete(id);
    if (again) await sendAgain(again);
    if (app.portrait !== id) return;
    inform(t('portrait.lost'));
    await choose(EXAMPLE);
  }

  /** Take consent back; the server ends the face, and the example takes its place. */
  async function revoke() {
    const id = app.portrait;
    const reason = await askRevocation();
    if (reason === null) return;
    try {
      await revokePortrait(id, reason);
    } catch (cause) {
      complainOf(cause);
      return;
    }
    known.delete(id);
    sent.delete(id);
    inform(t('revoke.done'));
    if (app.portrait === id) await choose(EXAMPLE);
    show();
  }

  $('portrait-revoke').addEventListener('click', revoke);
  $('portrait-choose').addEventListener('click', () => $('portrait-file').click());
  $('portrait-file').addEventListener('change', ({ target }) => {
    if (target.files[0]) take(target.files[0]);
    target.value = '';
  });
  $('portrait-camera').addEventListener('click', async () => {
    const photo = await takePhoto();
    if (photo) take(photo);
  });
  // It takes the server a moment to make the sheet.
  $('portrait-sheet-picture').addEventListener('load', () => {
    $('portrait-sheet').hidden = false;
  });
  $('portrait-sheet').addEventListener('click', () => $('sheet-dialog').showModal());
  document.addEventListener('paste', (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith('image/'));
    if (file) {
      event.preventDefault();
      take(file);
    }
  });
  app.on('portrait-found', ({ portrait }) => {
    known.set(portrait.id, portrait);
    show();
  });
  // Making the sheet is work, which is not to delay the face itself.
  app.on('created', ({ event }) => {
    setTimeout(() => {
      settled = event.portrait;
      show();
    }, SETTLE_MS);
  });
  app.on('info', refresh);
  app.on('portrait', show);
  app.on('portrait-lost', restore);
  onLanguage(show);

  return { take };
}
