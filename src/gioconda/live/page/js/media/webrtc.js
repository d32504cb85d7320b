/** The session by WebRTC: picture and sound in a `<video>`, kept in sync by the browser. */

import { iceServers, offer } from '../rest.js';

const GATHER_MS = 1000;

export class WebRtcPlayer {
  #video;
  #peer = null;
  #attempt = 0;
  #last = null;

  stats = { fps: null, dropped: 0, bufferMs: null, decodeMs: null, roundTripMs: null };

  static get supported() {
    return typeof RTCPeerConnection === 'function';
  }

  /** @param {HTMLVideoElement} video */
  constructor(video) {
    this.#video = video;
  }

  /**
   * Connect to a session that runs.
   * @param {string} session
   * @param {() => void} onfailure the connection cannot be made, or is lost
   */
  async start(session, onfailure) {
    const attempt = ++this.#attempt;
    const servers = await iceServers();
    if (attempt !== this.#attempt) return;
    const peer = new RTCPeerConnection({ iceServers: servers });
    this.#peer = peer;
    const stream = new MediaStream();
    peer.addTransceiver('video', { direction: 'recvonly' });
    peer.addTransceiver('audio', { direction: 'recvonly' });
    peer.ontrack = ({ track, receiver }) => {
      if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0;
      stream.addTrack(track);
      this.#video.srcObject = stream;
      this.#video.play().catch(() => {});
    };
    peer.onconnectionstatechange = () => {
      if (peer === this.#peer && peer.connectionState === 'failed') onfailure();
    };
    await peer.setLocalDescription(await peer.createOffer());
    await gathered(peer);
    const { sdp, type } = peer.localDescription;
    const answer = await offer({ sdp, type, session });
    if (peer !== this.#peer) return;
    await peer.setRemoteDescription({ sdp: answer.sdp, type: answer.type });
  }

  /** Read the browser's own figures; call it about once a second. */
  async measure() {
    if (!this.#peer) return;
    const now = {};
    for (const entry of (await this.#peer.getStats()).values()) {
      if (entry.type === 'inbound-rtp' && entry.kind === 'video') now.video = entry;
      if (entry.type === 'candidate-pair' && entry.nominated) now.pair = entry;
    }
    const { video, pair } = now;
    if (!video) return;
    const last = this.#last ?? video;
    this.#last = video;
    const perFrame = (name, count) => {
      const frames = video[count] - last[count];
      return frames > 0 ? (1000 * (video[name] - last[name])) / frames : null;
    };
    this.stats = {
      fps: video.framesPerSecond ?? 0,
      dropped: video.framesDropped ?? 0,
      bufferMs: perFrame('jitterBufferDelay', 'jitterBufferEmittedCount'),
      decodeMs: perFrame('totalDecodeTime', 'framesDecoded'),
      roundTripMs: pair?.currentRoundTripTime ? 1000 * pair.currentRoundTripTime : null,
    };
  }

  close() {
    this.#attempt++;
    this.#peer?.close();
    this.#peer = null;
    this.#last = null;
    this.#video.srcObject = null;
  }
}

/** Wait until the peer has its addresses, but not for long. */
function gathered(peer) {
  if (peer.iceGatheringState === 'complete') return Promise.resolve();
  return new Promise((resolve) => {
    setTimeout(resolve, GATHER_MS);
    peer.addEventListener('icegatheringstatechange', () => {
      if (peer.iceGatheringState === 'complete') resolve();
    });
  });
}
