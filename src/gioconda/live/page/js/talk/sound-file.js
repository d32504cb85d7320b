/** A sound file in: it is sent whole and spoken as one utterance. */

import { $ } from '../dom.js';
import { number, setWords, t } from '../i18n.js';
import { complain, complainOf } from '../notices.js';
import { speakFile } from '../rest.js';

export function setUpSoundFile(app, tabs) {
  const words = $('sound-words');

  async function speak(file) {
    tabs.select('sound');
    if (!app.connection.session) {
      complain(t('error.offline'));
      return;
    }
    setWords(words, 'sound.sending');
    try {
      const answer = await speakFile(app.connection.session, file);
      delete words.dataset.i18n;
      words.textContent = t('sound.spoken', { seconds: number(answer?.duration_s ?? 0, 1) });
    } catch (cause) {
      setWords(words, 'sound.hint');
      complainOf(cause, 'sound');
    }
  }

  $('sound-choose').addEventListener('click', () => $('sound-file').click());
  $('sound-file').addEventListener('change', ({ target }) => {
    if (target.files[0]) speak(target.files[0]);
    target.value = '';
  });
  return { speak };
}
