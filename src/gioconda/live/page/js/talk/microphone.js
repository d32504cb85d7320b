/** The microphone, shared by those who want it: PCM16 in chunks of 10 ms, echo cancelled. */

const CHUNK_S = 0.01;
const RATES = new Set([24000, 48000]);
const FALLBACK_RATE = 48000;

export class Microphone {
  #listeners = new Set();
  #starting = null;
  #stream = null;
  #context = null;

  /**
   * Begin to get sound.
   * @param {(pcm: Int16Array, rate: number, level: number) => void} listener
   * @returns {Promise<() => void>} call it to end
   */
  async listen(listener) {
    this.#listeners.add(listener);
    this.#starting ??= this.#start();
    try {
      await this.#starting;
    } catch (cause) {
      this.#listeners.delete(listener);
      this.#stop();
      throw cause;
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  }

  async #start() {
    this.#stream = await navigator.mediaDevices.getUserMedia({
      audio: {
        echoCancellation: true,
        noiseSuppression: true,
        autoGainControl: true,
        channelCount: 1,
      },
    });
    // The device's own rate: a context of another one cannot take its sound in every browser.
    this.#context = new AudioContext({ latencyHint: 'interactive' });
    const rate = RATES.has(this.#context.sampleRate) ? this.#context.sampleRate : FALLBACK_RATE;
    const worklet = new URL('../worklets/microphone.js', import.meta.url);
    await this.#context.audioWorklet.addModule(worklet);
    const node = new AudioWorkletNode(this.#context, 'gioconda-microphone', {
      numberOfOutputs: 0,
      processorOptions: { rate, chunkS: CHUNK_S },
    });
    node.port.onmessage = ({ data }) => {
      for (const listener of this.#listeners) listener(data.pcm, rate, data.level);
    };
    this.#context.createMediaStreamSource(this.#stream).connect(node);
    await this.#context.resume();
  }

  #stop() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#context?.close();
    this.#stream = null;
    this.#context = null;
    this.#starting = null;
  }
}

const ATTACK_CHUNKS = 6;
const RELEASE_CHUNKS = 60;
const LEAST_LEVEL = 0.015;
const OVER_FLOOR = 4;

/** Whether somebody speaks, judged by loudness over the room's own. */
export class VoiceActivity {
  #floor = 0.005;
  #loud = 0;
  #quiet = 0;

  active = false;

  /** Take in the level of one chunk; true where speech begins or ends with it. */
  feed(level) {
    this.#floor += (level < this.#floor ? 0.1 : 0.001) * (level - this.#floor);
    const loud = level > Math.max(LEAST_LEVEL, OVER_FLOOR * this.#floor);
    this.#loud = loud ? this.#loud + 1 : 0;
    this.#quiet = loud ? 0 : this.#quiet + 1;
    const before = this.active;
    if (this.#loud >= ATTACK_CHUNKS) this.active = true;
    if (this.#quiet >= RELEASE_CHUNKS) this.active = false;
    return before !== this.active;
  }
}

/** Loudness as the meters show it: 0 at -60 dB, 1 at full scale. */
export const shownLevel = (level) => Math.max(0, 1 + Math.log10(Math.max(level, 1e-3)) / 3);
