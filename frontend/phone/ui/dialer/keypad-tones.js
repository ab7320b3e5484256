/** The two tones of a key, quiet, for whoever presses it: the far end hears the carrier's own. */
const ROWS_HZ = [697, 770, 852, 941];
const COLUMNS_HZ = [1209, 1336, 1477];
const KEYS = "123456789*0#";
const LENGTH_S = 0.12;
const EDGE_S = 0.01;
const VOLUME = 0.05;
const REST_MS = 2_000;

export class Tones {
  #Context;
  #context = null;
  #rest = 0;

  constructor(Context) {
    this.#Context = Context;
  }

  /** Sound the key `digit` on the speaker with the id `speaker`, or the system's. */
  async play(digit, speaker = "") {
    if (!this.#Context) return;
    try {
      // Made at the first key, which is the gesture that browsers want to see.
      this.#context ??= new this.#Context();
      const context = this.#context;
      if (context.state !== "running") await context.resume();
      if (context.setSinkId && context.sinkId !== speaker) await context.setSinkId(speaker);
      this.#sound(context, KEYS.indexOf(digit));
      // An open context keeps the sound card awake.
      clearTimeout(this.#rest);
      this.#rest = setTimeout(() => context.suspend().catch(() => {}), REST_MS);
    } catch {
      // A page without sound output, or a speaker that is gone: keys work in silence too.
    }
  }

  close() {
    clearTimeout(this.#rest);
    this.#context?.close().catch(() => {});
    this.#context = null;
  }

  #sound(context, index) {
    const from = context.currentTime;
    const gain = context.createGain();
    gain.gain.setValueAtTime(0, from);
    gain.gain.linearRampToValueAtTime(VOLUME, from + EDGE_S);
    gain.gain.setValueAtTime(VOLUME, from + LENGTH_S - EDGE_S);
    gain.gain.linearRampToValueAtTime(0, from + LENGTH_S);
    gain.connect(context.destination);
    for (const frequency of [ROWS_HZ[Math.floor(index / 3)], COLUMNS_HZ[index % 3]]) {
      const tone = context.createOscillator();
      tone.frequency.value = frequency;
      tone.connect(gain);
      tone.start(from);
      tone.stop(from + LENGTH_S);
    }
  }
}
