/** Decoders of the WebSocket's pictures. Each calls `onimage(timeS, image)` for every frame. */

import { Flag } from '../protocol.js';

const US = 1e6;
/** So many frames without a picture, and the decoder is taken to hold them back. */
const HELD_BACK = 24;

/** H.264 Annex B through WebCodecs. */
export class H264Decoder {
  #decoder = null;
  #codec;
  #onimage;
  #onfailure;
  #needsKey = true;
  #nextNumber = null;
  #sent = new Map();
  #fed = 0;
  #came = 0;
  #software = false;

  lost = 0;
  decodeMs = null;

  static get supported() {
    return typeof VideoDecoder === 'function' && isSecureContext;
  }

  /** Whether this browser decodes such a codec. */
  static async decodes(codec) {
    if (!H264Decoder.supported) return false;
    try {
      return (await VideoDecoder.isConfigSupported({ codec, optimizeForLatency: true })).supported;
    } catch {
      return false;
    }
  }

  /**
   * @param {string} codec as WebCodecs names it
   * @param {(timeS: number, image: VideoFrame) => void} onimage
   * @param {(reason: Error) => void} onfailure it cannot go on
   */
  constructor(codec, onimage, onfailure) {
    this.#codec = codec;
    this.#onimage = onimage;
    this.#onfailure = onfailure;
    this.#open();
  }

  #open() {
    this.#decoder = new VideoDecoder({
      output: (frame) => this.#onOutput(frame),
      error: (reason) => this.#onError(reason),
    });
    this.#decoder.configure({
      codec: this.#codec,
      optimizeForLatency: true,
      ...(this.#software && { hardwareAcceleration: 'prefer-software' }),
    });
    this.#needsKey = true;
    this.#fed = 0;
    this.#came = 0;
    this.#sent.clear();
  }

  /** Take in a packet. */
  decode({ flags, number, timeS, payload }) {
    const isKey = (flags & Flag.KEY) !== 0;
    if (this.#nextNumber !== null && number !== this.#nextNumber) {
      this.lost += Math.max(0, number - this.#nextNumber);
      this.#needsKey = true;
    }
    this.#nextNumber = number + 1;
    if (this.#needsKey && !isKey) {
      this.lost++;
      return;
    }
    this.#needsKey = false;
    const timestamp = Math.round(timeS * US);
    this.#sent.set(timestamp, performance.now());
    this.#decoder.decode(
      new EncodedVideoChunk({ type: isKey ? 'key' : 'delta', timestamp, data: payload }),
    );
    this.#fed++;
    if (this.#came === 0 && this.#fed > HELD_BACK) this.#onError(new Error('no picture came'));
  }

  /** Packets were missed; the next key frame begins anew. */
  rejoin() {
    this.#needsKey = true;
    this.#nextNumber = null;
  }

  #onOutput(frame) {
    this.#came++;
    const sent = this.#sent.get(frame.timestamp);
    for (const key of this.#sent.keys()) {
      if (key > frame.timestamp) break;
      this.#sent.delete(key);
    }
    if (sent !== undefined) {
      const took = performance.now() - sent;
      this.decodeMs = this.decodeMs === null ? took : this.decodeMs + 0.1 * (took - this.decodeMs);
    }
    this.#onimage(frame.timestamp / US, frame);
  }

  /** A decoder in hardware that fails is replaced by one in software, once. */
  #onError(reason) {
    const came = this.#came;
    this.close();
    if (this.#software && came === 0) {
      this.#onfailure(reason);
      return;
    }
    this.#software = true;
    this.#open();
  }

  get queued() {
    return this.#decoder?.decodeQueueSize ?? 0;
  }

  close() {
    if (this.#decoder && this.#decoder.state !== 'closed') this.#decoder.close();
    this.#decoder = null;
  }
}

/** JPEG, one at a time; where the next came meanwhile, the older is dropped. */
export class JpegDecoder {
  #onimage;
  #busy = false;
  #waiting = null;

  lost = 0;
  decodeMs = null;

  constructor(onimage) {
    this.#onimage = onimage;
  }

  async decode(packet) {
    if (this.#busy) {
      if (this.#waiting) this.lost++;
      this.#waiting = packet;
      return;
    }
    this.#busy = true;
    for (let next = packet; next; next = this.#waiting) {
      if (next === this.#waiting) this.#waiting = null;
      await this.#one(next);
    }
    this.#busy = false;
  }

  async #one({ timeS, payload }) {
    const began = performance.now();
    try {
      const image = await createImageBitmap(new Blob([payload], { type: 'image/jpeg' }));
      this.decodeMs = performance.now() - began;
      this.#onimage(timeS, image);
    } catch {
      this.lost++;
    }
  }

  get queued() {
    return this.#waiting ? 1 : 0;
  }

  close() {
    this.#onimage = () => {};
  }
}
