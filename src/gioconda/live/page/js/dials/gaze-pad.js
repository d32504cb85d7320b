/** Where the eyes look: a pad for pointers, arrows for keys. */

import { clamp, draw } from '../dom.js';
import { number, t } from '../i18n.js';

const YAW = 30;
const PITCH = 20;
const KEY_STEP = 2;

export class GazePad {
  #pad;
  #words;
  #onchange;
  #thumb;
  #gaze = [0, 0];

  /**
   * @param {HTMLElement} pad
   * @param {HTMLElement} words shows the value
   * @param {(gaze: [number, number]) => void} onchange degrees, right and down positive
   */
  constructor(pad, words, onchange) {
    this.#pad = pad;
    this.#words = words;
    this.#onchange = onchange;
    this.#thumb = draw('circle', { class: 'thumb', r: 2 });
    pad.append(
      draw(
        'svg',
        { viewBox: '-32 -21.33 64 42.67', 'aria-hidden': 'true' },
        draw('ellipse', { class: 'sight', rx: YAW, ry: PITCH }),
        draw('ellipse', { class: 'sight', rx: YAW / 2, ry: PITCH / 2 }),
        draw('line', { class: 'axis', x1: -YAW, x2: YAW, 'vector-effect': 'non-scaling-stroke' }),
        draw('line', { class: 'axis', y1: -PITCH, y2: PITCH, 'vector-effect': 'non-scaling-stroke' }),
        this.#thumb,
      ),
    );
    this.#thumb.setAttribute('vector-effect', 'non-scaling-stroke');
    pad.addEventListener('pointerdown', (event) => {
      pad.setPointerCapture(event.pointerId);
      this.#point(event);
    });
    pad.addEventListener('pointermove', (event) => {
      if (pad.hasPointerCapture(event.pointerId)) this.#point(event);
    });
    pad.addEventListener('dblclick', () => this.#move([0, 0]));
    pad.addEventListener('keydown', (event) => this.#key(event));
    this.show();
  }

  #point(event) {
    const box = this.#pad.getBoundingClientRect();
    this.#move([
      64 * ((event.clientX - box.left) / box.width - 0.5),
      42.67 * ((event.clientY - box.top) / box.height - 0.5),
    ]);
  }

  #key(event) {
    const [yaw, pitch] = this.#gaze;
    const to = {
      ArrowLeft: [yaw - KEY_STEP, pitch],
      ArrowRight: [yaw + KEY_STEP, pitch],
      ArrowUp: [yaw, pitch - KEY_STEP],
      ArrowDown: [yaw, pitch + KEY_STEP],
      Home: [0, 0],
    }[event.key];
    if (!to) return;
    event.preventDefault();
    this.#move(to);
  }

  #move(gaze) {
    this.set(gaze);
    this.#onchange([...this.#gaze]);
  }

  /** Show a gaze without telling anyone. */
  set([yaw, pitch]) {
    const whole = (value, most) => clamp(Math.round(value * 2) / 2, -most, most) + 0;
    this.#gaze = [whole(yaw, YAW), whole(pitch, PITCH)];
    this.show();
  }

  show() {
    const [yaw, pitch] = this.#gaze;
    this.#thumb.setAttribute('cx', yaw);
    this.#thumb.setAttribute('cy', pitch);
    const digits = (value) => (Number.isInteger(value) ? 0 : 1);
    const parts = [];
    const degrees = (value) => number(Math.abs(value), digits(value));
    if (yaw) parts.push(t(yaw > 0 ? 'gaze.right' : 'gaze.left', { degrees: degrees(yaw) }));
    if (pitch) parts.push(t(pitch > 0 ? 'gaze.down' : 'gaze.up', { degrees: degrees(pitch) }));
    const words = parts.join(', ') || t('gaze.centre');
    this.#words.textContent = words;
    this.#pad.setAttribute('aria-valuenow', yaw);
    this.#pad.setAttribute('aria-valuetext', words);
  }
}
