/**
 * The live WebSocket: one session, kept through cuts of the line.
 *
 * A socket that is cut is opened again and asked to resume the session; where the server has
 * forgotten it, a new one is begun with the same settings. Events:
 *   state   {state, retryInS?}          one of State
 *   created {event, resumed}            the session runs
 *   message {event}                     any other JSON event of the server
 *   packet  {packet}                    a binary message of the server
 *   refused {code, message}             the session could not be begun; nothing more is tried
 */

import { Kind, makePacket, parsePacket } from './protocol.js';
import { enterServer, ServerError, socketAddress } from './rest.js';

export const State = Object.freeze({
  CONNECTING: 'connecting',
  LIVE: 'live',
  RECONNECTING: 'reconnecting',
  FULL: 'full',
  LOCKED: 'locked',
  STOPPED: 'stopped',
});

const FIRST_RETRY_S = 0.25;
const LAST_RETRY_S = 4;
const FULL_RETRY_S = 5;
/** What a server says that is being stopped. */
const SERVER_ENDS = 'the server ends';
const PING_EVERY_MS = 2000;
/** Above this much unsent data, pictures of the webcam are not sent. */
const CONGESTED_BYTES = 200_000;

export class Connection extends EventTarget {
  #socket = null;
  #settings = {};
  #numbers = new Map();
  #pings = [];
  #timer = 0;
  #pingTimer = 0;
  #retryS = FIRST_RETRY_S;
  #wanted = false;
  #inputRate = null;

  state = State.STOPPED;
  /** Id of the session, or null. */
  session = null;
  /** Milliseconds from a message to its answer; null before the first. */
  roundTripMs = null;

  /**
   * Begin a session, ending the one before.
   * @param {object} settings of `session.update`
   */
  async open(settings) {
    await this.close();
    this.#settings = structuredClone(settings);
    this.#wanted = true;
    this.#retryS = FIRST_RETRY_S;
    this.#setState(State.CONNECTING);
    this.#connect(null);
  }

  /** Keep the settings of a later session up to date without sending them. */
  remember(changes) {
    const { controls, ...others } = changes;
    Object.assign(this.#settings, others);
    if (controls) this.#settings.controls = { ...this.#settings.controls, ...controls };
  }

  /** Change the session while it runs, and any that replaces it. */
  update(changes) {
    this.remember(changes);
    return this.send({ type: 'session.update', ...changes });
  }

  /** Send a JSON message; false where no session runs. */
  send(message) {
    if (this.state !== State.LIVE || this.#socket?.readyState !== WebSocket.OPEN) return false;
    // Every session.update is answered in turn, the empty ones that measure the line too.
    if (message.type === 'session.update') this.#pings.push(performance.now());
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /**
   * Send sound or a picture; false where no session runs or the line is congested.
   * @param {number} kind
   * @param {Uint8Array | Int16Array} payload
   * @param {{rate?: number, flags?: number, timeS?: number}} [options]
   */
  sendPacket(kind, payload, { rate, flags = 0, timeS = 0 } = {}) {
    if (this.state !== State.LIVE || this.#socket?.readyState !== WebSocket.OPEN) return false;
    if (kind === Kind.WEBCAM && this.#socket.bufferedAmount > CONGESTED_BYTES) return false;
    if (rate && rate !== this.#inputRate) {
      this.update({ input_rate: rate });
      this.#inputRate = rate;
    }
    const number = this.#numbers.get(kind) ?? 0;
    this.#numbers.set(kind, number + 1);
    this.#socket.send(makePacket(kind, number, timeS, payload, flags));
    return true;
  }

  /** End the session; resolves when its place is free again, or after a second. */
  async close() {
    this.#wanted = false;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    if (socket) {
      const closed = new Promise((resolve) => {
        socket.addEventListener('close', resolve, { once: true });
        setTimeout(resolve, 1000);
      });
      if (socket.readyState === WebSocket.OPEN) {
        socket.send(JSON.stringify({ type: 'session.close' }));
      }
      if (socket.readyState !== WebSocket.OPEN) socket.close();
      await closed;
      socket.close();
    }
    this.#forget();
    this.session = null;
    this.#setState(State.STOPPED);
  }

  /** Try again at once, where a wait is running. */
  retryNow() {
    if (!this.#wanted || this.#socket) return;
    clearTimeout(this.#timer);
    this.#connect(this.session);
  }

  #setState(state, detail = {}) {
    const changed = state !== this.state;
    this.state = state;
    if (changed || detail.retryInS) this.#emit('state', { state, ...detail });
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  #forget() {
    this.#socket = null;
    clearInterval(this.#pingTimer);
    this.#pings = [];
    this.#numbers.clear();
    this.#inputRate = null;
    this.roundTripMs = null;
  }

  #connect(resume) {
    const socket = new WebSocket(socketAddress());
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    const attempt = { resume, created: false, closing: null };
    socket.addEventListener('open', () => {
      const first = { type: 'session.update', ...this.#settings };
      if (resume) first.resume = resume;
      socket.send(JSON.stringify(first));
    });
    socket.addEventListener('message', ({ data }) => {
      if (socket !== this.#socket) return;
      if (typeof data === 'string') this.#onEvent(JSON.parse(data), attempt);
      else this.#emit('packet', { packet: parsePacket(data) });
    });
    socket.addEventListener('close', (closing) => {
      if (socket === this.#socket) this.#onClose(attempt, closing);
    });
  }

  #onEvent(event, attempt) {
    if (event.type === 'session.created') {
      attempt.created = true;
      const resumed = attempt.resume !== null && attempt.resume === event.session;
      this.session = event.session;
      this.#retryS = FIRST_RETRY_S;
      this.#setState(State.LIVE);
      this.#pingTimer = setInterval(() => this.#ping(), PING_EVERY_MS);
      this.#emit('created', { event, resumed });
    } else if (event.type === 'session.updated') {
      const sent = this.#pings.shift();
      if (sent !== undefined) this.roundTripMs = performance.now() - sent;
    } else if (event.type === 'error' && !attempt.created) {
      attempt.refusal = event;
      this.#socket.close();
    } else {
      if (event.type === 'session.closed') attempt.closed = event.reason;
      this.#emit('message', { event });
    }
  }

  async #onClose(attempt, closing) {
    this.#forget();
    if (!this.#wanted) return;
    if (attempt.created) {
      // The server ended it on purpose, for instance after long silence: no second try.
      if (attempt.closed === SERVER_ENDS) {
        // It may be started again; its sessions are gone.
        this.session = null;
        this.#waitGone();
        return;
      }
      if (attempt.closed !== undefined) {
        this.#wanted = false;
        this.session = null;
        this.#setState(State.STOPPED, { reason: attempt.closed });
        return;
      }
      this.#setState(State.RECONNECTING);
      this.#connect(this.session);
      return;
    }
    const refusal = attempt.refusal;
    if (refusal && attempt.resume && refusal.code !== 'busy') {
      this.session = null;
      this.#connect(null);
    } else if (refusal?.code === 'busy') {
      this.#waitFull(refusal.retry_after_s, refusal.message);
    } else if (refusal) {
      this.#wanted = false;
      this.session = null;
      this.#setState(State.STOPPED);
      this.#emit('refused', { code: refusal.code, message: refusal.message });
    } else {
      await this.#findOut(closing);
    }
  }

  /** Measure the line. A page that nobody looks at is silent: the server then ends its session. */
  #ping() {
    if (!document.hidden) this.send({ type: 'session.update' });
  }

  /** The socket was refused without a word: ask why. */
  async #findOut() {
    try {
      const info = await enterServer();
      if (!this.#wanted) return;
      if (info.sessions >= info.capacity) this.#waitFull(null, '');
      else this.#waitGone();
    } catch (cause) {
      if (!this.#wanted) return;
      if (cause instanceof ServerError && cause.status === 401) {
        this.#wanted = false;
        this.#setState(State.LOCKED);
      } else if (cause instanceof ServerError && cause.status === 503) {
        this.#waitFull(cause.retryAfterS, cause.message);
      } else {
        this.#waitGone();
      }
    }
  }

  #waitFull(retryAfterS, message) {
    const retryInS = retryAfterS ?? FULL_RETRY_S;
    this.#setState(State.FULL, { retryInS, message });
    this.#timer = setTimeout(() => this.#connect(this.session), 1000 * retryInS);
  }

  #waitGone() {
    const retryInS = this.#retryS;
    this.#retryS = Math.min(LAST_RETRY_S, 2 * this.#retryS);
    this.#setState(State.RECONNECTING, { retryInS });
    this.#timer = setTimeout(() => this.#connect(this.session), 1000 * retryInS);
  }
}
