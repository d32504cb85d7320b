/**
 * How picture and sound come: WebCodecs, else WebRTC, else JPEGs. The best that works is taken.
 */

import { Kind, samplesOf } from '../protocol.js';
import { AudioOutput } from './audio-output.js';
import { H264Decoder, JpegDecoder } from './decoders.js';
import { Presenter } from './presenter.js';
import { WebRtcPlayer } from './webrtc.js';

export const Path = Object.freeze({ WEBCODECS: 'webcodecs', WEBRTC: 'webrtc', JPEG: 'jpeg' });

/** Baseline H.264, asked about before the server has said its exact profile. */
const PROBE = 'avc1.42E01F';
/** WebRTC without a picture after this long is given up. */
const FIRST_PICTURE_MS = 6000;

/** The paths that this browser can take, best first. */
export async function possiblePaths() {
  const paths = [];
  if (AudioOutput.supported && (await H264Decoder.decodes(PROBE))) paths.push(Path.WEBCODECS);
  if (WebRtcPlayer.supported) paths.push(Path.WEBRTC);
  paths.push(Path.JPEG);
  return paths;
}

/** What `session.update` asks for on a path. */
export function codecsOf(path) {
  if (path === Path.WEBCODECS) return { video: 'h264', audio: 'pcm' };
  if (path === Path.WEBRTC) return { video: 'none', audio: 'none' };
  return { video: 'jpeg', audio: AudioOutput.supported ? 'pcm' : 'none' };
}

export class Media extends EventTarget {
  #canvas;
  #video;
  #decoder = null;
  #rtc = null;
  #watch = 0;

  path = null;
  sound = new AudioOutput();
  presenter;

  /**
   * Shows a session; the event `failed` says that the path does not work.
   * @param {HTMLCanvasElement} canvas
   * @param {HTMLVideoElement} video
   */
  constructor(canvas, video) {
    super();
    this.#canvas = canvas;
    this.#video = video;
    this.presenter = new Presenter(canvas, this.sound);
  }

  /** Prepare the sound; without it pictures are shown as they come. */
  async start() {
    if (!AudioOutput.supported) return;
    try {
      await this.sound.start();
    } catch (cause) {
      console.warn('no sound device', cause);
    }
  }

  /** Begin to show a session. */
  async begin(path, { session, codec, width, height, sound_lead_ms: leadMs = 0 }) {
    this.end();
    this.sound.lead(leadMs);
    this.path = path;
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    const overRtc = path === Path.WEBRTC;
    this.#canvas.hidden = overRtc;
    this.#video.hidden = !overRtc;
    const show = (timeS, image) => this.presenter.add(timeS, image);
    const fail = () => this.#fail(path);
    if (path === Path.WEBCODECS) {
      // At once, not after a question: the first packet is the key frame.
      this.#decoder = new H264Decoder(codec, show, fail);
    } else if (path === Path.JPEG) {
      this.#decoder = new JpegDecoder(show);
    } else {
      this.#rtc = new WebRtcPlayer(this.#video);
      this.#video.muted = !this.sound.running || this.sound.muted;
      this.#watch = setTimeout(() => this.#video.videoWidth || fail(), FIRST_PICTURE_MS);
      try {
        await this.#rtc.start(session, fail);
      } catch {
        fail();
      }
    }
  }

  #fail(path) {
    if (this.path !== path) return;
    this.end();
    this.dispatchEvent(new CustomEvent('failed', { detail: { path } }));
  }

  /** Take in a binary message of the server. */
  take(packet) {
    if (packet.kind === Kind.PCM) this.sound.push(packet.timeS, samplesOf(packet.payload));
    else if (packet.kind === Kind.H264 || packet.kind === Kind.JPEG) this.#decoder?.decode(packet);
  }

  /** The line was cut and is back: what was being shown goes on with the next key frame. */
  rejoin() {
    this.sound.reset();
    this.presenter.reset();
    this.#decoder?.rejoin?.();
  }

  /** Another timeline begins, from 0. */
  restart() {
    this.presenter.reset();
    this.sound.reset();
  }

  end() {
    clearTimeout(this.#watch);
    this.#decoder?.close();
    this.#rtc?.close();
    this.#decoder = null;
    this.#rtc = null;
    this.path = null;
    this.restart();
  }

  set muted(muted) {
    this.sound.muted = muted;
    this.#video.muted = muted;
  }

  get muted() {
    return this.sound.muted;
  }

  /** Let sound play; call it from a gesture. */
  async unlock() {
    await this.sound.resume();
    if (this.#rtc) this.#video.muted = this.sound.muted;
  }

  /** Call it about once a second. */
  measure() {
    return this.#rtc?.measure();
  }

  /** Figures of the path; null where a path cannot say. */
  get stats() {
    const sound = this.sound.stats;
    if (this.#rtc) {
      return { ...this.#rtc.stats, path: this.path, heldMs: null, outputLatencyMs: null, gaps: 0 };
    }
    const { fps, shown, dropped, queued, heldMs } = this.presenter.stats;
    return {
      path: this.path,
      fps,
      shown,
      dropped: dropped + (this.#decoder?.lost ?? 0),
      decodeMs: this.#decoder?.decodeMs ?? null,
      decodeQueue: this.#decoder?.queued ?? 0,
      queued,
      heldMs,
      bufferMs: sound.bufferMs,
      marginMs: sound.marginMs,
      outputLatencyMs: sound.outputLatencyMs,
      gaps: sound.gaps,
    };
  }
}
