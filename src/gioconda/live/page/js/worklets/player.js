/**
 * Plays the session's sound and is its clock.
 *
 * A ring of samples is addressed by their number on the session's timeline. The level is judged
 * by its lowest point in a second: above the margin, sound is played up to 1.5 % faster, or left
 * out where nothing is said; below it slower. Two clocks that differ by some parts per million thus
 * never drift apart. The margin grows after a gap and shrinks slowly while there is none. Sound that
 * comes earlier than its picture is held for about as long.
 */

const RING = 1 << 17;
const MASK = RING - 1;
const RATE_STEP = 0.005;
const MOST_HURRY = 0.015;
const WINDOW_S = 1;
const REPORT_FRAMES = 1024;
const JUMP_S = 0.08;
const FADE = 144;
const QUIET = 0.004;

const START_S = 0.034;
const MARGIN_S = 0.010;
const LEAST_MARGIN_S = 0.006;
const MOST_MARGIN_S = 0.15;
const MARGIN_UP_S = 0.008;
const MARGIN_DOWN = 0.85;
const CALM_S = 3;
/** Of the lead, a piece of sound and the picture's way to the display use so much. */
const LEAD_USED_S = 0.01;

class Player extends AudioWorkletProcessor {
  constructor() {
    super();
    this.ring = new Float32Array(RING);
    this.margin = MARGIN_S * sampleRate;
    this.underruns = 0;
    this.lead = 0;
    this.reset();
    this.port.onmessage = ({ data }) => {
      if (data.reset) this.reset();
      else if (data.lead !== undefined) this.lead = data.lead;
      else this.push(data.sample, data.pcm);
    };
  }

  reset() {
    this.read = 0;
    this.write = null;
    this.rate = 0;
    this.step = 1;
    this.lowest = Infinity;
    this.windowEnd = 0;
    this.calmSince = currentFrame;
    this.reportAt = 0;
    this.fadeIn = 0;
  }

  /** Take in samples whose first has this number on the timeline. */
  push(sample, pcm) {
    const gap = this.write === null ? Infinity : sample - this.write;
    if (gap < -RING / 4 || gap > RING / 4) {
      this.read = sample;
      this.write = sample;
      this.rate = 0;
    } else {
      // Lost packets are silence; what is there already is not taken twice.
      for (; this.write < sample; this.write++) this.ring[this.write & MASK] = 0;
    }
    for (let i = this.write - sample; i < pcm.length; i++) {
      this.ring[this.write & MASK] = pcm[i] / 32768;
      this.write++;
    }
    if (this.write - this.read > RING - 256) this.read = this.write - RING + 256;
  }

  /** Catmull-Rom between samples; exact where the position is a whole number. */
  at(position) {
    const i = Math.floor(position);
    const x = position - i;
    const { ring } = this;
    const b = ring[i & MASK];
    if (x === 0) return b;
    const a = ring[(i - 1) & MASK];
    const c = ring[(i + 1) & MASK];
    const d = ring[(i + 2) & MASK];
    return b + 0.5 * x * (c - a + x * (2 * a - 5 * b + 4 * c - d + x * (3 * (b - c) + d - a)));
  }

  /** What the level shall not fall under. */
  get least() {
    return Math.max(this.margin, this.lead - LEAD_USED_S * sampleRate);
  }

  /** Whether the next samples can be left out without being missed. */
  quiet(count) {
    const end = this.read + count + FADE;
    for (let i = Math.floor(this.read); i < end; i++) {
      if (Math.abs(this.ring[i & MASK]) > QUIET) return false;
    }
    return true;
  }

  judge() {
    if (currentFrame < this.windowEnd) return;
    this.windowEnd = currentFrame + WINDOW_S * sampleRate;
    const over = this.lowest - this.least;
    this.lowest = Infinity;
    if (!Number.isFinite(over)) return;
    if (over > JUMP_S * sampleRate || (over > 0.004 * sampleRate && this.quiet(over))) {
      this.read += Math.floor(over);
      this.fadeIn = FADE;
      this.reportAt = 0;
      this.step = 1;
    } else if (over > 0.004 * sampleRate) {
      this.step = 1 + Math.min(MOST_HURRY, RATE_STEP + (0.2 * over) / sampleRate);
    } else if (over < -0.002 * sampleRate) {
      this.step = 1 - RATE_STEP;
    } else {
      this.step = 1;
      // Whole positions need no interpolation; less than a sample is not heard.
      this.read = Math.round(this.read);
    }
    if (currentFrame - this.calmSince > CALM_S * sampleRate) {
      this.calmSince = currentFrame;
      this.margin = Math.max(LEAST_MARGIN_S * sampleRate, this.margin * MARGIN_DOWN);
    }
  }

  report() {
    this.reportAt = currentFrame + REPORT_FRAMES;
    this.port.postMessage({
      frame: currentFrame,
      sample: this.read,
      rate: this.rate,
      buffered: this.write === null ? 0 : this.write - this.read,
      margin: this.margin,
      underruns: this.underruns,
    });
  }

  process(_inputs, [[out]]) {
    if (this.write === null) return true;
    const buffered = this.write - this.read;
    const before = this.rate;
    if (this.rate === 0) {
      const start = (START_S - MARGIN_S) * sampleRate + this.least;
      if (buffered < start) {
        if (currentFrame >= this.reportAt) this.report();
        return true;
      }
      this.rate = this.step = 1;
      this.fadeIn = FADE;
      this.lowest = Infinity;
      this.windowEnd = currentFrame + WINDOW_S * sampleRate;
    }
    this.lowest = Math.min(this.lowest, this.write - this.read - out.length);
    if (this.write - this.read < out.length * this.step + 3) {
      this.runDry(out);
      return true;
    }
    this.judge();
    this.rate = this.step;
    if (before !== this.rate || currentFrame >= this.reportAt) this.report();
    for (let i = 0; i < out.length; i++) {
      let value = this.at(this.read);
      if (this.fadeIn > 0) value *= 1 - this.fadeIn-- / FADE;
      out[i] = value;
      this.read += this.step;
    }
    return true;
  }

  /** Nothing left: fade what there is out, and wait for more than before. */
  runDry(out) {
    const left = Math.max(0, Math.min(out.length, Math.floor(this.write - this.read)));
    for (let i = 0; i < left; i++) out[i] = this.at(this.read + i) * (1 - (i + 1) / (left + 1));
    this.read = Math.min(this.write, this.read + left);
    this.rate = 0;
    this.underruns++;
    this.calmSince = currentFrame;
    this.margin = Math.min(MOST_MARGIN_S * sampleRate, this.margin + MARGIN_UP_S * sampleRate);
    this.report();
  }
}

registerProcessor('gioconda-player', Player);
