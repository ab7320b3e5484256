/** Plays the two tones of a key to the person who presses it. The called party hears tones that the carrier makes. */
const ROWS_HZ = [697, 770, 852, 941];
const COLUMNS_HZ = [1209, 1336, 1477];
const KEYS = "123456789*0#";
const DURATION_S = 0.12;
const RAMP_S = 0.01;
const VOLUME = 0.05;
const SUSPEND_DELAY_MS = 2_000;

/** @typedef {AudioContext & {setSinkId?: (id: string) => Promise<void>, sinkId?: unknown}} OutputContext */

export class KeypadTones {
  #AudioContext;
  /** @type {OutputContext | null} */
  #context = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #suspendTimer;

  /** @param {typeof AudioContext | undefined} AudioContext The browser's, if it has one. */
  constructor(AudioContext) {
    this.#AudioContext = AudioContext;
  }

  /**
   * Play the tones of `digit`.
   * @param {string} digit
   * @param {string} speaker Device id; "" is the system's default.
   */
  async play(digit, speaker = "") {
    if (!this.#AudioContext) return;
    try {
      // Created at the first key press: browsers require a gesture of a person.
      this.#context ??= new this.#AudioContext();
      const context = this.#context;
      if (context.state !== "running") await context.resume();
      if (context.setSinkId && context.sinkId !== speaker) await context.setSinkId(speaker);
      playTones(context, KEYS.indexOf(digit));
      // A running context keeps the sound card awake.
      clearTimeout(this.#suspendTimer);
      this.#suspendTimer = setTimeout(() => context.suspend().catch(() => {}), SUSPEND_DELAY_MS);
    } catch {
      // Keys also work without sound: there may be no output, or the chosen speaker was unplugged.
    }
  }

  close() {
    clearTimeout(this.#suspendTimer);
    this.#context?.close().catch(() => {});
    this.#context = null;
  }
}

/**
 * @param {AudioContext} context
 * @param {number} index In KEYS.
 */
function playTones(context, index) {
  const startsAt = context.currentTime;
  const gain = context.createGain();
  gain.gain.setValueAtTime(0, startsAt);
  gain.gain.linearRampToValueAtTime(VOLUME, startsAt + RAMP_S);
  gain.gain.setValueAtTime(VOLUME, startsAt + DURATION_S - RAMP_S);
  gain.gain.linearRampToValueAtTime(0, startsAt + DURATION_S);
  gain.connect(context.destination);
  for (const frequency of [ROWS_HZ[Math.floor(index / 3)], COLUMNS_HZ[index % 3]]) {
    const oscillator = context.createOscillator();
    oscillator.frequency.value = frequency;
    oscillator.connect(gain);
    oscillator.start(startsAt);
    oscillator.stop(startsAt + DURATION_S);
  }
}
