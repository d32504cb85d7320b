/**
 * Shows frames on a canvas when the sound that belongs to them is heard, never later than that.
 *
 * Frames wait in a short queue. At each refresh of the display the newest frame that is due when
 * the refresh becomes visible is drawn; older ones are dropped. Without sound the newest frame is
 * drawn at once.
 */

const QUEUE = 16;
/** A frame this far ahead of the sound belongs to another timeline. */
const LOST_S = 2;
const DUE_TOLERANCE_S = 0.002;

export class Presenter {
  #canvas;
  #context;
  #clock;
  #queue = [];
  #shownTimes = [];
  #refreshMs = 1000 / 60;
  #lastTick = 0;
  #newestS = null;

  /** Called for each frame shown: {timeS, heardS, shownMs, number}. */
  onframe = null;
  dropped = 0;
  shown = 0;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {{heard: (nowMs: number) => number | null}} clock
   */
  constructor(canvas, clock) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d', { alpha: false });
    this.#clock = clock;
    requestAnimationFrame((now) => this.#tick(now));
  }

  /**
   * Take in a decoded frame.
   * @param {number} timeS on the timeline
   * @param {VideoFrame | ImageBitmap} image closed by the presenter
   */
  add(timeS, image) {
    this.#newestS = timeS;
    this.#queue.push({ timeS, image });
    // In a hidden tab nothing is drawn; what piles up there is dropped.
    while (this.#queue.length > QUEUE) this.#drop();
  }

  /** Forget the timeline: another begins. The last picture stays. */
  reset() {
    for (const { image } of this.#queue) image.close();
    this.#queue = [];
    this.#newestS = null;
  }

  #drop() {
    this.#queue.shift().image.close();
    if (!document.hidden) this.dropped++;
  }

  #tick(now) {
    requestAnimationFrame((next) => this.#tick(next));
    const elapsed = now - this.#lastTick;
    this.#lastTick = now;
    if (elapsed > 4 && elapsed < 40) this.#refreshMs += 0.1 * (elapsed - this.#refreshMs);
    if (this.#queue.length === 0) return;
    // What is drawn now is seen one refresh later.
    const heard = this.#clock.heard(now + this.#refreshMs);
    const astray = heard !== null && this.#queue[0].timeS > heard + LOST_S;
    const limit = heard === null || astray ? Infinity : heard + DUE_TOLERANCE_S;
    while (this.#queue.length > 1 && this.#queue[1].timeS <= limit) this.#drop();
    if (this.#queue[0].timeS <= limit) this.#show(this.#queue.shift(), heard);
  }

  #show({ timeS, image }, heardS) {
    const { width, height } = this.#canvas;
    this.#context.drawImage(image, 0, 0, width, height);
    image.close();
    if (this.shown === 0) this.#canvas.classList.add('drawn');
    this.shown++;
    const shownMs = performance.now();
    this.#shownTimes.push(shownMs);
    this.onframe?.({ timeS, heardS, shownMs, number: this.shown });
  }

  /** What can be measured. */
  get stats() {
    const now = performance.now();
    while (this.#shownTimes.length && this.#shownTimes[0] < now - 1000) this.#shownTimes.shift();
    const heard = this.#clock.heard(now);
    const waits = heard !== null && this.#newestS !== null;
    return {
      fps: this.#shownTimes.length,
      shown: this.shown,
      dropped: this.dropped,
      queued: this.#queue.length,
      heldMs: waits ? 1000 * (this.#newestS - heard) : null,
    };
  }
}
