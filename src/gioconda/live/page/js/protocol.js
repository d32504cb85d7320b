/**
 * Binary messages of the live WebSocket: a header of 16 bytes, little-endian, then the payload.
 * The same table as `gioconda.live.packets`.
 */

export const Kind = Object.freeze({
  H264: 1,
  JPEG: 2,
  PCM: 3,
  VP8: 4,
  VOICE: 16,
  PARTNER: 17,
  WEBCAM: 18,
});

export const Flag = Object.freeze({ KEY: 1, ENDS: 2 });

export const HEADER_BYTES = 16;

/** Sound from the server comes at this rate, mono. */
export const OUTPUT_RATE_HZ = 48000;

/**
 * Read a binary message.
 * @param {ArrayBuffer} buffer
 * @returns {{kind: number, flags: number, number: number, timeS: number, payload: Uint8Array}}
 */
export function parsePacket(buffer) {
  const view = new DataView(buffer);
  return {
    kind: view.getUint8(0),
    flags: view.getUint8(1),
    number: view.getUint32(4, true),
    timeS: view.getFloat64(8, true),
    payload: new Uint8Array(buffer, HEADER_BYTES),
  };
}

/**
 * Make a binary message.
 * @param {number} kind
 * @param {number} number among the packets of its kind
 * @param {number} timeS
 * @param {Uint8Array | Int16Array} payload
 * @param {number} [flags]
 * @returns {ArrayBuffer}
 */
export function makePacket(kind, number, timeS, payload, flags = 0) {
  const bytes = new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength);
  const message = new Uint8Array(HEADER_BYTES + bytes.length);
  const view = new DataView(message.buffer);
  view.setUint8(0, kind);
  view.setUint8(1, flags);
  view.setUint32(4, number >>> 0, true);
  view.setFloat64(8, timeS, true);
  message.set(bytes, HEADER_BYTES);
  return message.buffer;
}

/**
 * PCM16 of a packet; a payload at an odd address is copied, since Int16Array wants an even one.
 * @param {Uint8Array} payload
 * @returns {Int16Array}
 */
export function samplesOf(payload) {
  const even = payload.byteLength & ~1;
  if (payload.byteOffset % 2 === 0) return new Int16Array(payload.buffer, payload.byteOffset, even / 2);
  return new Int16Array(payload.slice(0, even).buffer);
}
