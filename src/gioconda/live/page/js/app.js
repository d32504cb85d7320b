/**
 * The page's one session: what is asked for, which path it takes, and what is said about it.
 */

import { Connection } from './connection.js';
import { language } from './i18n.js';
import { codecsOf, Media, Path, possiblePaths } from './media/paths.js';
import { enterServer, portraitInfo, ServerError } from './rest.js';
import { keepForThisTab, keptForThisTab, store, stored } from './storage.js';

export const EXAMPLE = 'example';
const ASK_AGAIN_MS = 1500;
/** Sound waits in buffers anyway; coming so much earlier than its picture, it does not delay it. */
const SOUND_LEAD_MS = 40;

export class App extends EventTarget {
  connection = new Connection();
  media;
  /** Answer of GET v1/server. */
  info = null;
  /** The event session.created of the session that runs. */
  created = null;
  portrait = EXAMPLE;
  options = { fps: 40, size: 512, path: 'auto', seed: 0 };
  speaking = false;

  #paths = [];
  #failed = new Set();
  #ended = false;

  constructor(canvas, video) {
    super();
    this.media = new Media(canvas, video);
    this.media.addEventListener('failed', ({ detail }) => this.#onPathFailed(detail.path));
    this.connection.addEventListener('created', ({ detail }) => this.#onCreated(detail));
    this.connection.addEventListener('packet', ({ detail }) => this.media.take(detail.packet));
    this.connection.addEventListener('message', ({ detail }) => this.#onMessage(detail.event));
    this.connection.addEventListener('state', ({ detail }) => this.#onState(detail));
    this.connection.addEventListener('refused', ({ detail }) => this.#onRefused(detail));
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden && this.#ended) this.enter();
    });
    // A page that is left gives its place free at once.
    addEventListener('pagehide', () => this.connection.send({ type: 'session.close' }));
    this.#recall();
  }

  /** Ask the server what it is, then begin. */
  async start() {
    this.#paths = await possiblePaths();
    await this.media.start();
    await this.enter();
  }

  /** Begin once the server answers; with a token needed, say so. */
  async enter() {
    try {
      this.info = await enterServer();
    } catch (cause) {
      if (cause instanceof ServerError && cause.status === 401) this.emit('locked', {});
      else {
        this.emit('gone', {});
        setTimeout(() => this.enter(), ASK_AGAIN_MS);
      }
      return;
    }
    this.emit('info', this.info);
    await this.#findPortrait();
    await this.restart();
  }

  /** A page that is loaded again goes on with its portrait, if the server still has it. */
  async #findPortrait() {
    const id = keptForThisTab('portrait');
    if (!id || this.portrait !== EXAMPLE) return;
    try {
      const portrait = await portraitInfo(id);
      this.portrait = id;
      this.emit('portrait-found', { portrait });
    } catch {
      keepForThisTab('portrait', null);
    }
  }

  /** The path that would be taken now. */
  get path() {
    const { path } = this.options;
    if (path !== 'auto') return path;
    return this.#paths.find((one) => !this.#failed.has(one)) ?? Path.JPEG;
  }

  /** Begin a new session with the portrait and options as they are. */
  async restart(changes = {}) {
    const { fps, size, seed } = this.options;
    await this.connection.open({
      ...this.settings,
      ...changes,
      portrait: this.portrait,
      fps,
      size,
      seed,
      language,
      motion: true,
      sound_lead_ms: SOUND_LEAD_MS,
      live_input: this.settings.live_input ?? false,
      ...codecsOf(this.path),
    });
  }

  /** Settings that hold over restarts: dials, background, voice. */
  settings = {};

  /** Change the session while it runs. */
  update(changes) {
    const { controls, ...others } = changes;
    Object.assign(this.settings, others);
    if (controls) this.settings.controls = { ...this.settings.controls, ...controls };
    return this.connection.update(changes);
  }

  async setPortrait(id) {
    this.portrait = id;
    keepForThisTab('portrait', id === EXAMPLE ? null : id);
    this.emit('portrait', { id });
    await this.restart();
  }

  async setOption(name, value) {
    this.options[name] = value;
    if (name !== 'seed') store(`option.${name}`, String(value));
    if (name === 'path') this.#failed.clear();
    await this.restart();
  }

  /** Stop what is being said. */
  interrupt() {
    return this.connection.send({ type: 'agent.interrupt' });
  }

  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  on(name, callback) {
    this.addEventListener(name, ({ detail }) => callback(detail));
  }

  #recall() {
    for (const name of ['fps', 'size']) {
      const value = Number(stored(`option.${name}`));
      if (value) this.options[name] = value;
    }
    const asked = new URLSearchParams(location.search).get('path') ?? stored('option.path');
    if (Object.values(Path).includes(asked)) this.options.path = asked;
  }

  #onCreated({ event, resumed }) {
    this.created = event;
    this.#speak(false);
    const path = this.path;
    if (!resumed || this.media.path !== path) this.media.begin(path, event);
    else this.media.rejoin();
    this.emit('created', { event, resumed });
  }

  #onMessage(event) {
    if (event.type === 'speak_started') this.#speak(true);
    if (event.type === 'speak_ended') this.#speak(false);
    if (event.type === 'session.restarted') {
      this.#speak(false);
      this.media.begin(this.media.path ?? this.path, this.created);
    }
    this.emit(event.type, event);
  }

  #speak(speaking) {
    this.speaking = speaking;
    this.emit('speaking', { speaking });
  }

  #onState(detail) {
    if (detail.state !== 'live') this.#speak(false);
    this.#ended = detail.state === 'stopped' && detail.reason !== undefined;
    this.emit('state', detail);
  }

  #onRefused({ code, message }) {
    if (code === 'no_portrait' && this.portrait !== EXAMPLE) {
      this.emit('portrait-lost', { id: this.portrait });
    } else this.emit('refused', { code, message });
  }

  #onPathFailed(path) {
    this.#failed.add(path);
    this.options.path = 'auto';
    this.emit('path-failed', { path, next: this.path });
    this.restart();
  }
}
