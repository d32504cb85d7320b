/** The face speaks with the user's own voice: push-to-talk, or hands-free. */

import { deviceRefusal } from '../camera.js';
import { $, throttled } from '../dom.js';
import { complain } from '../notices.js';
import { Kind } from '../protocol.js';
import { shownLevel } from './microphone.js';

/** After the last word the face still has some of it to say. */
const TAIL_MS = 700;

export function setUpVoice(app, microphone, tabs) {
  const hold = $('voice-hold');
  const free = $('voice-free');
  const hear = $('voice-hear');
  let end = null;
  let open = false;
  let tail = 0;
  let mutedBefore = false;
  let quieted = false;

  const showLevel = throttled(80, (level) => {
    $('voice-level').value = shownLevel(level);
  });

  function onChunk(pcm, rate, level) {
    showLevel(open ? level : 0);
    if (open) app.connection.sendPacket(Kind.VOICE, pcm, { rate });
  }

  /** One's own voice, late, is hard to speak against: quiet unless it is asked for. */
  function quiet(wanted) {
    clearTimeout(tail);
    if (wanted && !hear.checked && !quieted) {
      mutedBefore = app.media.muted;
      quieted = true;
      app.media.muted = true;
    } else if (!wanted && quieted) {
      tail = setTimeout(() => {
        quieted = false;
        app.media.muted = mutedBefore;
      }, TAIL_MS);
    }
  }

  async function begin() {
    if (open) return;
    open = true;
    hold.setAttribute('aria-pressed', 'true');
    app.emit('voice', { on: true });
    quiet(true);
    app.update({ live_input: true });
    if (end) return;
    try {
      const stop = await microphone.listen(onChunk);
      end = stop;
    } catch (cause) {
      complain(deviceRefusal(cause, 'microphone'));
      free.checked = false;
      finish();
    }
  }

  function finish() {
    if (!open) return;
    open = false;
    hold.setAttribute('aria-pressed', 'false');
    showLevel(0);
    app.connection.send({ type: 'input_audio_buffer.commit' });
    app.update({ live_input: false });
    quiet(false);
  }

  function letGo() {
    free.checked = false;
    finish();
    end?.();
    end = null;
  }

  const release = () => free.checked || finish();

  hold.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    hold.setPointerCapture(event.pointerId);
    begin();
  });
  for (const name of ['pointerup', 'pointercancel', 'blur']) hold.addEventListener(name, release);
  free.addEventListener('change', () => (free.checked ? begin() : letGo()));
  hear.addEventListener('change', () => {
    if (!open) return;
    if (hear.checked) {
      quieted = false;
      app.media.muted = mutedBefore;
    } else quiet(true);
  });

  // Space held down speaks, wherever it would do nothing else.
  const isSpace = (event) => event.code === 'Space' && !$('talk-voice').hidden;
  const isFree = ({ target }) =>
    target === hold || target === document.body || target === $('stage') || target.role === 'tab';
  document.addEventListener('keydown', (event) => {
    if (!isSpace(event) || !isFree(event)) return;
    event.preventDefault();
    if (!event.repeat) begin();
  });
  document.addEventListener('keyup', (event) => {
    if (!isSpace(event) || !isFree(event)) return;
    event.preventDefault();
    release();
  });
  document.addEventListener('visibilitychange', () => document.hidden && release());
  tabs.onchange((name) => name === 'voice' || (free.checked ? null : letGo()));
  app.on('listen', ({ on }) => on && letGo());
  app.on('created', ({ resumed }) => resumed || (open && app.update({ live_input: true })));
}
