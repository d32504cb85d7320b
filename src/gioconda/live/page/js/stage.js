/** What lies over the face: the line's state, what went wrong, sound, full screen. */

import { EXAMPLE } from './app.js';
import { $, setIcon } from './dom.js';
import { onLanguage, setWords, t } from './i18n.js';
import { complainOf, inform } from './notices.js';
import { login } from './rest.js';

/** A cut that heals within this time is not worth covering the face for. */
const PATIENCE_MS = 700;

export function setUpStage(app) {
  const stage = $('stage');
  let said = { key: 'state.connecting', state: 'connecting' };
  let cover = 0;
  let wasCut = false;
  let withdrawn = false;

  function sayLine(state, key = `state.${state}`) {
    $('line').dataset.state = state;
    setWords($('line-text'), key);
  }

  function message(key, { values = {}, action = null, form = false, patience = 0 } = {}) {
    clearTimeout(cover);
    said = { key, values };
    const show = () => {
      $('stage-words').textContent = t(key, values);
      $('stage-message').hidden = false;
      $('login').hidden = !form;
      $('stage-action').hidden = action === null;
      if (action) {
        setWords($('stage-action'), action.key);
        $('stage-action').onclick = action.run;
      }
    };
    if (patience) cover = setTimeout(show, patience);
    else show();
  }

  function clear() {
    clearTimeout(cover);
    $('stage-message').hidden = true;
  }

  const again = { key: 'again', run: () => app.enter() };
  const example = { key: 'stage.example', run: () => app.setPortrait(EXAMPLE) };
  const now = { key: 'now', run: () => app.connection.retryNow() };

  app.on('state', ({ state, retryInS, message: words, reason }) => {
    sayLine(state);
    if (state === 'reconnecting') {
      wasCut = true;
      message('stage.reconnecting', { action: now, patience: PATIENCE_MS });
    } else if (state === 'full') {
      const seconds = Math.ceil(retryInS);
      message('stage.full', { values: { seconds, message: words }, action: now });
    } else if (state === 'locked') message('stage.locked', { form: true });
    else if (state === 'stopped' && reason !== undefined && withdrawn) {
      message('stage.consent', { action: example });
    } else if (state === 'stopped' && reason !== undefined) {
      message('stage.closed', { values: { reason }, action: again });
    } else if (state === 'connecting') message('stage.connecting', { patience: PATIENCE_MS });
  });
  app.on('created', ({ resumed }) => {
    clear();
    withdrawn = false;
    sayLine('live');
    if (wasCut) inform(t(resumed ? 'stage.resumed' : 'stage.renewed'));
    wasCut = false;
  });
  app.on('gone', () => {
    sayLine('reconnecting');
    message('stage.gone', { patience: PATIENCE_MS });
  });
  app.on('locked', () => {
    sayLine('locked');
    message('stage.locked', { form: true });
    $('login-token').focus();
  });
  app.on('refused', ({ code, message: words }) => {
    sayLine('stopped');
    if (code === 'consent') {
      message('stage.consent', { action: example });
      return;
    }
    message('error.refused', { values: { message: words }, action: again });
  });
  app.on('session.restarted', () => inform(t('stage.restarted')));
  app.on('path-failed', ({ path, next }) => inform(t('stage.path', { path, next })));
  app.on('error', (event) => {
    // The end of the session follows, and says it over the face.
    if (event.code === 'consent') withdrawn = true;
    else complainOf(event);
  });

  $('login').addEventListener('submit', async (event) => {
    event.preventDefault();
    try {
      await login($('login-token').value);
      $('login-token').value = '';
      clear();
      await app.enter();
    } catch (cause) {
      complainOf(cause);
      $('login-token').select();
    }
  });

  const sound = $('sound');
  const showSound = () => {
    const { muted } = app.media;
    setIcon(sound, muted ? 'sound-off' : 'sound-on');
    sound.setAttribute('aria-pressed', String(muted));
    setWords(sound, muted ? 'sound.on' : 'sound.off', 'i18nLabel');
    setWords(sound, muted ? 'sound.on' : 'sound.off', 'i18nTitle');
    $('unlock').hidden = app.media.sound.running || muted || !app.media.sound.prepared;
  };
  sound.addEventListener('click', () => {
    app.media.muted = !app.media.muted;
  });
  app.media.sound.addEventListener('change', showSound);
  // Browsers let sound begin with any gesture; the button says so to those who make none.
  for (const gesture of ['pointerdown', 'keydown']) {
    document.addEventListener(gesture, () => app.media.unlock(), { passive: true });
  }

  $('fullscreen').hidden = !document.fullscreenEnabled;
  $('fullscreen').addEventListener('click', () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else stage.requestFullscreen();
  });

  onLanguage(() => {
    if (!$('stage-message').hidden) $('stage-words').textContent = t(said.key, said.values);
  });
  sayLine('connecting');
  showSound();
}
