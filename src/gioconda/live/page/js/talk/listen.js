/** The face listens to the user, and may be interrupted by speaking. */

import { deviceRefusal } from '../camera.js';
import { $, throttled } from '../dom.js';
import { complain } from '../notices.js';
import { Kind } from '../protocol.js';
import { shownLevel, VoiceActivity } from './microphone.js';

export function setUpListen(app, microphone) {
  const on = $('listen-on');
  const barge = $('listen-barge');
  const activity = new VoiceActivity();
  let end = null;
  let starting = false;

  const showLevel = throttled(80, (level) => {
    $('listen-level').value = shownLevel(level);
  });

  function onChunk(pcm, rate, level) {
    showLevel(level);
    if (on.checked) app.connection.sendPacket(Kind.PARTNER, pcm, { rate });
    if (!activity.feed(level)) return;
    if (on.checked) app.update({ listening: activity.active });
    if (barge.checked && activity.active && app.speaking) app.interrupt();
  }

  async function follow() {
    const wanted = on.checked || barge.checked;
    if (wanted) app.emit('listen', { on: true });
    if (!on.checked && app.settings.listening) app.update({ listening: false });
    if (!wanted) {
      end?.();
      end = null;
      showLevel(0);
    } else if (!end && !starting) {
      starting = true;
      try {
        end = await microphone.listen(onChunk);
      } catch (cause) {
        on.checked = barge.checked = false;
        complain(deviceRefusal(cause, 'microphone'));
      }
      starting = false;
      if (end && !on.checked && !barge.checked) follow();
    }
  }

  on.addEventListener('change', follow);
  barge.addEventListener('change', follow);
  // The same microphone cannot be the face's own voice and the other speaker's.
  app.on('voice', () => {
    if (!on.checked && !barge.checked) return;
    on.checked = barge.checked = false;
    follow();
  });
}
