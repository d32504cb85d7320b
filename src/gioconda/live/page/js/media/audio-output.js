/**
 * The session's sound and the page's one clock: which instant of the timeline is heard now.
 */

import { OUTPUT_RATE_HZ } from '../protocol.js';

/** A jump of the device's clock beyond this is taken over at once, not smoothed. */
const CLOCK_JUMP_S = 0.03;
const CLOCK_SMOOTHING = 0.05;
/** Sound that has not come for this long no longer holds pictures back. */
const SILENT_AFTER_MS = 300;
/** A device that loses so much within such a time is too slow for short buffers. */
const MISSED_S = 0.15;
const WATCH_MS = 10_000;

export class AudioOutput extends EventTarget {
  #context = null;
  #node = null;
  #gain = null;
  #marks = [];
  #offsetS = null;
  #muted = false;
  #lastPush = -Infinity;
  #report = null;
  #slow = false;
  #watch = null;

  static get supported() {
    return typeof AudioWorkletNode === 'function' && isSecureContext;
  }

  /** Prepare the device; sound begins with the first gesture where the browser wants one. */
  async start() {
    // The shortest way to the loudspeaker; a machine that cannot keep up with it gets the usual.
    const latencyHint = this.#slow ? 'interactive' : 0;
    this.#context = new AudioContext({ latencyHint, sampleRate: OUTPUT_RATE_HZ });
    await this.#context.audioWorklet.addModule(new URL('../worklets/player.js', import.meta.url));
    this.#node = new AudioWorkletNode(this.#context, 'gioconda-player', {
      numberOfInputs: 0,
      outputChannelCount: [1],
    });
    this.#node.port.onmessage = ({ data }) => this.#onReport(data);
    this.#gain = new GainNode(this.#context, { gain: this.#muted ? 0 : 1 });
    this.#node.connect(this.#gain).connect(this.#context.destination);
    this.#context.onstatechange = () => {
      this.reset();
      this.dispatchEvent(new Event('change'));
    };
    this.dispatchEvent(new Event('change'));
  }

  /** Whether sound is playing; without a gesture browsers keep it off. */
  get running() {
    return this.#context?.state === 'running';
  }

  /** Whether there is a device to play on. */
  get prepared() {
    return this.#node !== null;
  }

  /** Ask the browser to let the sound play; call it from a gesture. */
  async resume() {
    if (this.#context && !this.running) await this.#context.resume();
  }

  get muted() {
    return this.#muted;
  }

  /** Silence the loudspeaker; the clock goes on. */
  set muted(muted) {
    this.#muted = muted;
    this.#gain?.gain.setTargetAtTime(muted ? 0 : 1, this.#context.currentTime, 0.01);
    this.dispatchEvent(new Event('change'));
  }

  /**
   * Take in sound of the timeline.
   * @param {number} timeS of its first sample
   * @param {Int16Array} pcm
   */
  push(timeS, pcm) {
    if (!this.running || !this.#node) return;
    this.#lastPush = performance.now();
    const sample = Math.round(timeS * OUTPUT_RATE_HZ);
    this.#node.port.postMessage({ sample, pcm });
  }

  /**
   * Say how much earlier than its picture sound comes.
   * @param {number} leadMs
   */
  lead(leadMs) {
    this.#node?.port.postMessage({ lead: (leadMs * OUTPUT_RATE_HZ) / 1000 });
  }

  /** Forget the timeline: another begins. */
  reset() {
    this.#marks = [];
    this.#report = null;
    this.#node?.port.postMessage({ reset: true });
  }

  #onReport(report) {
    this.#report = report;
    this.#watchDevice();
    this.#marks.push(report);
    if (this.#marks.length > 64) this.#marks.shift();
  }

  /** A device that falls behind real time misses its deadlines: give it longer ones. */
  #watchDevice() {
    const nowMs = performance.now();
    const offset = this.#context.currentTime - nowMs / 1000;
    if (this.#watch === null || nowMs - this.#watch.sinceMs > WATCH_MS) {
      this.#watch = { sinceMs: nowMs, offset };
    }
    this.#watch.offset = Math.max(this.#watch.offset, offset);
    if (this.#slow || document.hidden || offset > this.#watch.offset - MISSED_S) return;
    this.#slow = true;
    const old = this.#context;
    this.#node.disconnect();
    old.onstatechange = null;
    old.close();
    this.reset();
    this.#offsetS = null;
    this.start();
  }

  /**
   * The instant of the timeline that is heard at a moment; null where no sound plays.
   * @param {number} nowMs of `performance.now()`
   * @returns {number | null}
   */
  heard(nowMs) {
    if (!this.running || this.#marks.length === 0) return null;
    const frame = this.#outputTimeS(nowMs) * OUTPUT_RATE_HZ;
    while (this.#marks.length > 1 && this.#marks[1].frame <= frame) this.#marks.shift();
    const mark = this.#marks[0];
    if (mark.rate === 0 && performance.now() - this.#lastPush > SILENT_AFTER_MS) return null;
    // Before the first mark is heard nothing is; afterwards the clock runs at the mark's rate.
    const since = Math.max(frame - mark.frame, mark.rate === 0 ? 0 : -OUTPUT_RATE_HZ);
    return (mark.sample + since * mark.rate) / OUTPUT_RATE_HZ;
  }

  /** The device's time at the loudspeaker; its steps are smoothed. */
  #outputTimeS(nowMs) {
    const context = this.#context;
    const stamp = context.getOutputTimestamp?.();
    let raw = stamp?.performanceTime > 0
      ? stamp.contextTime + (nowMs - stamp.performanceTime) / 1000
      : NaN;
    const behind = context.currentTime - raw;
    if (!(behind > -0.05 && behind < 0.6)) {
      raw = context.currentTime - (context.outputLatency || context.baseLatency || 0);
    }
    const offset = raw - nowMs / 1000;
    if (this.#offsetS === null || Math.abs(offset - this.#offsetS) > CLOCK_JUMP_S) {
      this.#offsetS = offset;
    } else {
      this.#offsetS += CLOCK_SMOOTHING * (offset - this.#offsetS);
    }
    return nowMs / 1000 + this.#offsetS;
  }

  /** What can be measured: milliseconds buffered, behind the device, and gaps so far. */
  get stats() {
    const context = this.#context;
    const perMs = OUTPUT_RATE_HZ / 1000;
    return {
      running: this.running,
      bufferMs: this.running && this.#report ? this.#report.buffered / perMs : null,
      marginMs: this.#report ? this.#report.margin / perMs : null,
      outputLatencyMs: context ? 1000 * (context.outputLatency || context.baseLatency || 0) : null,
      gaps: this.#report?.underruns ?? 0,
      shortBuffers: !this.#slow,
    };
  }
}
