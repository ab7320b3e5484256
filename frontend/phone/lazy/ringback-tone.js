/** The tone a caller hears while the far end rings; the carrier sends none before the answer. */
const FREQUENCIES_HZ = [440, 480];
const ON_S = 2;
const PERIOD_S = 6;
const VOLUME = 0.06;

export class Ringback {
  #Context;
  #context = null;
  #interval = 0;

  constructor(Context) {
    this.#Context = Context;
  }

  start() {
    if (!this.#Context || this.#context) return;
    try {
      this.#context = new this.#Context();
      this.#context.resume().catch(() => {});
      this.#ring();
      this.#interval = setInterval(() => this.#ring(), PERIOD_S * 1000);
    } catch {
      // A page without sound output still makes calls.
      this.stop();
    }
  }

  stop() {
    clearInterval(this.#interval);
    this.#context?.close().catch(() => {});
    this.#context = null;
  }

  #ring() {
    const context = this.#context;
    const from = context.currentTime + 0.05;
    const gain = context.createGain();
    gain.gain.setValueAtTime(0, from);
    gain.gain.linearRampToValueAtTime(VOLUME, from + 0.02);
    gain.gain.setValueAtTime(VOLUME, from + ON_S - 0.02);
    gain.gain.linearRampToValueAtTime(0, from + ON_S);
    gain.connect(context.destination);
    for (const frequency of FREQUENCIES_HZ) {
      const tone = context.createOscillator();
      tone.frequency.value = frequency;
      tone.connect(gain);
      tone.start(from);
      tone.stop(from + ON_S);
    }
  }
}
