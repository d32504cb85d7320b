/**
 * `window.gioconda`: the page for tests and benchmarks.
 *
 *   state            'connecting', 'live', 'reconnecting', 'full', 'locked' or 'stopped'
 *   session          id of the session, or null
 *   created          the event session.created, or null
 *   stats()          every figure of the meters, as numbers; null where it cannot be measured
 *   heard(ms?)       instant of the timeline that is heard at a `performance.now()`; null without
 *                    sound
 *   canvas           where frames are drawn (WebCodecs and JPEG)
 *   onframe          function or null, called after each frame is drawn with {timeS, heardS,
 *                    shownMs, number}: the frame's instant, the instant heard when the display
 *                    will show it, the `performance.now()` at which it was drawn
 *   onevent          function or null, called with each JSON event of the server
 *   pushPcm(pcm, rate)  speak an Int16Array, mono; 8000, 16000, 24000, 44100 or 48000 a second
 *   commit()         the utterance is complete
 *   interrupt()      stop speaking
 *   update(changes)  send a session.update
 */

import { Kind } from './protocol.js';

export function exposeHooks(app, meters) {
  const { connection, media } = app;
  const hooks = {
    get state() {
      return connection.state;
    },
    get session() {
      return connection.session;
    },
    get created() {
      return app.created;
    },
    stats: () => meters.figures(),
    heard: (nowMs = performance.now()) => media.sound.heard(nowMs),
    canvas: document.getElementById('face'),
    onframe: null,
    onevent: null,
    pushPcm: (pcm, rate) => connection.sendPacket(Kind.VOICE, pcm, { rate }),
    commit: () => connection.send({ type: 'input_audio_buffer.commit' }),
    interrupt: () => app.interrupt(),
    update: (changes) => app.update(changes),
  };
  media.presenter.onframe = (frame) => hooks.onframe?.(frame);
  connection.addEventListener('message', ({ detail }) => hooks.onevent?.(detail.event));
  window.gioconda = hooks;
}
