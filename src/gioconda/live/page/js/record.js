/** Record what is seen and heard; the server writes the mp4. */

import { $, setIcon } from './dom.js';
import { number, onLanguage, setWords, t } from './i18n.js';
import { complain, inform } from './notices.js';
import { address } from './rest.js';

export function setUpRecord(app) {
  const button = $('record');
  const line = $('recording');
  const link = $('recording-link');
  let since = null;
  let timer = 0;
  let words = () => '';

  const say = () => {
    $('recording-words').textContent = words();
  };

  function set(on) {
    clearInterval(timer);
    button.setAttribute('aria-pressed', String(on));
    setIcon(button, on ? 'recording' : 'record');
    setWords(button, on ? 'record.stop' : 'record.start', 'i18nLabel');
    setWords(button, on ? 'record.stop' : 'record.start', 'i18nTitle');
    if (on) {
      since = performance.now();
      words = () => t('record.running', { seconds: number((performance.now() - since) / 1000) });
      timer = setInterval(say, 1000);
      line.hidden = false;
      link.hidden = true;
      // Once a second is too often to be read out.
      line.setAttribute('aria-live', 'off');
      say();
    } else since = null;
  }

  button.addEventListener('click', () => {
    const on = since === null;
    const type = on ? 'recording.start' : 'recording.stop';
    if (!app.connection.send({ type })) {
      complain(t('error.offline'));
      return;
    }
    set(on);
    if (!on) {
      words = () => t('record.saving');
      line.setAttribute('aria-live', 'polite');
      say();
    }
  });
  app.on('recording.ready', ({ url, seconds, reason }) => {
    set(false);
    if (reason) inform(t('record.ended', { reason }));
    words = () => t('record.ready', { seconds: number(seconds, 1) });
    line.setAttribute('aria-live', 'polite');
    line.hidden = false;
    link.href = address(url);
    link.hidden = false;
    say();
  });
  const lost = () => {
    if (since === null) return;
    set(false);
    line.hidden = true;
    complain(t('record.lost'));
  };
  app.on('created', ({ resumed }) => {
    if (resumed) return;
    lost();
    // A recording lasts as long as its session.
    line.hidden = true;
  });
  app.on('error', ({ code }) => {
    if (code !== 'output') return;
    set(false);
    line.hidden = true;
  });
  onLanguage(say);
}
