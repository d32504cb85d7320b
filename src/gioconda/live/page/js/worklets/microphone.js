/** Cuts the microphone into chunks of PCM16, 10 ms each, with their loudness. */

class Microphone extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    // Rates that the server does not take are brought to one that it does.
    this.step = sampleRate / processorOptions.rate;
    this.length = Math.round(processorOptions.rate * processorOptions.chunkS);
    this.chunk = new Int16Array(this.length);
    this.filled = 0;
    this.energy = 0;
    this.phase = 0;
    this.last = 0;
  }

  take(value) {
    const clipped = Math.max(-1, Math.min(1, value));
    this.chunk[this.filled++] = Math.round(clipped * 32767);
    this.energy += clipped * clipped;
    if (this.filled < this.length) return;
    const level = Math.sqrt(this.energy / this.length);
    this.port.postMessage({ pcm: this.chunk, level }, [this.chunk.buffer]);
    this.chunk = new Int16Array(this.length);
    this.filled = 0;
    this.energy = 0;
  }

  process([[input]]) {
    if (!input) return true;
    for (const value of input) {
      while (this.phase < 1) {
        this.take(this.last + this.phase * (value - this.last));
        this.phase += this.step;
      }
      this.phase -= 1;
      this.last = value;
    }
    return true;
  }
}

registerProcessor('gioconda-microphone', Microphone);
