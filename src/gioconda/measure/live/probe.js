/**
 * Measures the page from inside: which frames are drawn and when, and what the mouth's pixels do.
 *
 * `box` is the mouth in the frame, in parts of its side: left, top, width, height.
 */
(() => {
  const SIDE = 32;
  const small = new OffscreenCanvas(SIDE, SIDE);
  const context = small.getContext('2d', { willReadFrequently: true });
  const watchers = new Set();
  let picture = null;

  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

  /** Tell every watcher of each frame that is drawn. */
  function watch() {
    const video = [...document.querySelectorAll('video')].find((v) => v.srcObject && !v.hidden
      && v.videoWidth);
    const told = (frame) => watchers.forEach((watcher) => watcher(frame));
    if (video) {
      picture = video;
      const next = (now, meta) => {
        told({ shownMs: now, timeS: meta.mediaTime, heardS: null });
        video.requestVideoFrameCallback(next);
      };
      video.requestVideoFrameCallback(next);
    } else {
      picture = gioconda.canvas;
      gioconda.onframe = told;
    }
    return video ? 'video' : 'canvas';
  }

  function mouth(box) {
    const side = picture.videoWidth || picture.width;
    const [left, top, width, height] = box.map((part) => part * side);
    context.drawImage(picture, left, top, width, height, 0, 0, SIDE, SIDE);
    const { data } = context.getImageData(0, 0, SIDE, SIDE);
    const grey = new Float32Array(SIDE * SIDE);
    for (let i = 0; i < grey.length; i++) {
      grey[i] = 0.3 * data[4 * i] + 0.6 * data[4 * i + 1] + 0.1 * data[4 * i + 2];
    }
    return grey;
  }

  function difference(a, b) {
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += Math.abs(a[i] - b[i]);
    return sum / a.length;
  }

  /** Record frames for a while: [{shownMs, timeS, heardS, change}]. */
  async function record(ms, box = null, rest = null) {
    const seen = [];
    const watcher = (frame) => {
      const change = box && rest ? difference(mouth(box), rest) : null;
      seen.push({ ...frame, change });
    };
    watchers.add(watcher);
    await sleep(ms);
    watchers.delete(watcher);
    return seen;
  }

  /** Frames that the browser's WebRTC decoded, counted once a second: [{atMs, frames}]. */
  async function decoded(seconds) {
    const counted = [];
    for (let k = 0; k <= seconds; k++) {
      let frames = 0;
      for (const entry of (await peers.at(-1).getStats()).values()) {
        if (entry.type === 'inbound-rtp' && entry.kind === 'video') frames = entry.framesDecoded;
      }
      counted.push({ atMs: performance.now(), frames });
      if (k < seconds) await sleep(1000);
    }
    return counted;
  }

  /** A microphone: 10 ms of sound every 10 ms, silence but for what is put into it. */
  class Microphone {
    #waiting = [];
    #pushed = 0;
    #rate;
    #started = performance.now();
    #timer;
    clickMs = null;

    constructor(rate) {
      this.#rate = rate;
      this.#timer = setInterval(() => this.#push(), 10);
    }

    #push() {
      const step = this.#rate / 100;
      const due = Math.floor((performance.now() - this.#started) / 10);
      for (; this.#pushed < due; this.#pushed++) {
        const chunk = new Int16Array(step);
        const first = this.#waiting[0];
        if (first) {
          // What is spoken now is in the chunk that the device gives 10 ms later.
          if (first.at === 0) this.clickMs = performance.now() - 10;
          chunk.set(first.pcm.subarray(first.at, first.at + step));
          first.at += step;
          if (first.at >= first.pcm.length) this.#waiting.shift();
        }
        gioconda.pushPcm(chunk, this.#rate);
      }
    }

    speak(pcm) {
      this.clickMs = null;
      this.#waiting.push({ pcm, at: 0 });
    }

    stop() {
      clearInterval(this.#timer);
    }
  }

  /** Milliseconds from a click in the microphone to the mouth half open, for each trial. */
  async function clicks(pcm, rate, box, trials) {
    const sound = Int16Array.from(pcm);
    gioconda.update({ live_input: true, controls: { head: 0, expression: 0, blinks: 0 } });
    const microphone = new Microphone(rate);
    await sleep(2500);
    const found = [];
    for (let k = 0; k < trials; k++) {
      await sleep(900 + 400 * Math.random());
      const rest = mouth(box);
      const noise = Math.max(...(await record(300, box, rest)).map((f) => f.change));
      microphone.speak(sound);
      const seen = await record(900, box, rest);
      const peak = Math.max(...seen.map((f) => f.change));
      const opened = seen.find((f) => f.change >= 0.5 * peak && f.shownMs > microphone.clickMs);
      found.push({ ms: opened.shownMs - microphone.clickMs, peak, noise });
    }
    microphone.stop();
    gioconda.commit();
    return found;
  }

  /** Milliseconds from an interruption of open-mouthed speech to the mouth at rest again. */
  async function interruptions(pcm, rate, box, trials) {
    const sound = Int16Array.from(pcm);
    gioconda.update({ live_input: false, controls: { head: 0, expression: 0, blinks: 0 } });
    await sleep(2500);
    const found = [];
    for (let k = 0; k < trials; k++) {
      await sleep(1500);
      const rest = mouth(box);
      gioconda.pushPcm(sound, rate);
      const spoken = await record(1200 + 300 * Math.random(), box, rest);
      const peak = Math.max(...spoken.map((f) => f.change));
      let now = spoken.at(-1);
      while (now.change < 0.6 * peak) now = (await record(30, box, rest)).at(-1) ?? now;
      const calledMs = performance.now();
      gioconda.interrupt();
      const after = await record(700, box, rest);
      const open = after.filter((f) => f.change > 0.25 * peak);
      const last = open.length ? after.indexOf(open.at(-1)) : -1;
      const closed = after[last + 1];
      if (closed) found.push({ ms: closed.shownMs - calledMs, peak });
    }
    return found;
  }

  /** Milliseconds from stating the basis of a file given to the page to the first frame of its face. */
  async function firstFrame(bytes, type) {
    const file = new File([Uint8Array.from(bytes)], 'portrait', { type });
    const before = gioconda.session;
    const drop = new DataTransfer();
    drop.items.add(file);
    const input = document.querySelector('input[type=file][accept*=image]');
    input.files = drop.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
    const dialog = document.getElementById('consent-dialog');
    while (!dialog.open) await sleep(5);
    dialog.querySelector('input[value=artwork]').click();
    const startMs = performance.now();
    dialog.querySelector('[type=submit]').click();
    while (gioconda.session === before || gioconda.session === null) await sleep(5);
    return new Promise((done) => {
      const watcher = (frame) => {
        watchers.delete(watcher);
        done(frame.shownMs - startMs);
      };
      watchers.add(watcher);
    });
  }

  window.probe = { watch, record, decoded, clicks, interruptions, firstFrame };
})();
