/** Text in: the server's own voices say it. */

import { $, make } from '../dom.js';
import { language, languageName, onLanguage, t } from '../i18n.js';
import { complain } from '../notices.js';

export function setUpTyping(app) {
  const voice = $('type-voice');
  const text = $('type-text');

  function fill() {
    const chosen = voice.value;
    const voices = app.info?.voices ?? [];
    voice.replaceChildren(
      ...voices.map(({ name, language: code }) => {
        const words = code ? `${languageName(code)} (${name})` : name;
        return make('option', { value: name, textContent: words });
      }),
    );
    voice.disabled = voices.length === 0;
    if (voices.length === 0) voice.append(make('option', { textContent: t('type.no-voice') }));
    const own = voices.find(({ language: code }) => code?.slice(0, 2) === language);
    const kept = voices.some(({ name }) => name === chosen);
    if (voices.length > 0) voice.value = kept ? chosen : (own ?? voices[0]).name;
  }

  $('talk-type').addEventListener('submit', (event) => {
    event.preventDefault();
    const said = text.value.trim();
    if (!said) {
      text.focus();
      return;
    }
    const message = { type: 'input_text.append', text: said };
    if (voice.value && !voice.disabled) message.voice = voice.value;
    if (app.connection.send(message)) text.select();
    else complain(t('error.offline'));
  });
  text.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    $('talk-type').requestSubmit();
  });
  app.on('info', fill);
  onLanguage(fill);
}
