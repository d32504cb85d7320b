/** Text in: the server's own voices say it. */

import { $, make } from '../dom.js';
import { language, languageName, onLanguage, t } from '../i18n.js';
import { complain } from '../notices.js';

/** A voice by its language; accents that only the voice's maker knows by the maker's words. */
function voiceName(tag, words) {
  const name = (tag.includes('-x-') ? undefined : languageName(tag)) ?? words;
  return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
}

/** The voice nearest to what the page and the browser speak. */
function nearest(voices) {
  const tags = voices.map(({ name, language: code }) => (code ?? name).toLowerCase());
  const own = navigator.languages.find((tag) => tag.startsWith(language))?.toLowerCase();
  const usual = language === 'en' ? 'en-us' : language;
  for (const wanted of [own, usual, language]) {
    const index = tags.findIndex((tag) => tag === wanted);
    if (index >= 0) return voices[index];
  }
  return voices[Math.max(0, tags.findIndex((tag) => tag.slice(0, 2) === language))];
}

export function setUpTyping(app) {
  const voice = $('type-voice');
  const text = $('type-text');
  let picked = false;

  function fill() {
    const chosen = voice.value;
    const voices = app.info?.voices ?? [];
    voice.replaceChildren(
      ...voices
        .map(({ name, language: code, description }) => ({
          value: name,
          textContent: voiceName(code ?? name, description ?? name),
        }))
        .sort((a, b) => a.textContent.localeCompare(b.textContent, language))
        .map((option) => make('option', option)),
    );
    voice.disabled = voices.length === 0;
    if (app.info && voices.length === 0) voice.append(make('option', { textContent: t('type.no-voice') }));
    const kept = voices.some(({ name }) => name === chosen);
    if (voices.length > 0) voice.value = kept && picked ? chosen : nearest(voices).name;
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
  voice.addEventListener('change', () => {
    picked = true;
  });
  app.on('info', fill);
  onLanguage(fill);
}
