/**
 * The chunk that plays the ringback tone, which the agent hears while the called phone rings: the carrier sends no
 * audio before the answer.
 */

const FREQUENCIES_HZ = [440, 480];
const ON_S = 2;
const PERIOD_S = 6;
const VOLUME = 0.06;

export class RingbackTone {
  #AudioContext;
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #interval;

  /** @param {typeof AudioContext | undefined} AudioContext The browser's, if it has one. */
  constructor(AudioContext) {
    this.#AudioContext = AudioContext;
  }

  start() {
    if (!this.#AudioContext || this.#context) return;
    try {
      const context = new this.#AudioContext();
      this.#context = context;
      context.resume().catch(() => {});
      playOnce(context);
      this.#interval = setInterval(() => playOnce(context), PERIOD_S * 1000);
    } catch {
      // A call works without the tone.
      this.stop();
    }
  }

  stop() {
    clearInterval(this.#interval);
    this.#context?.close().catch(() => {});
    this.#context = null;
  }
}

/** @param {AudioContext} context */
function playOnce(context) {
  const startsAt = context.currentTime + 0.05;
  const gain = context.createGain();
  gain.gain.setValueAtTime(0, startsAt);
  gain.gain.linearRampToValueAtTime(VOLUME, startsAt + 0.02);
  gain.gain.setValueAtTime(VOLUME, startsAt + ON_S - 0.02);
  gain.gain.linearRampToValueAtTime(0, startsAt + ON_S);
  gain.connect(context.destination);
  for (const frequency of FREQUENCIES_HZ) {
    const oscillator = context.createOscillator();
    oscillator.frequency.value = frequency;
    oscillator.connect(gain);
    oscillator.start(startsAt);
    oscillator.stop(startsAt + ON_S);
  }
}
