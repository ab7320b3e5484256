/** Plays the ringback tone to the agent while an outgoing call rings; loads the tone's chunk on first use. */

/** @import { Environment } from "../types.d.ts" */

export class Ringback {
  #env;
  /** @type {{stop?: () => void} | null} */
  #current = null;

  /** @param {Environment} env */
  constructor(env) {
    this.#env = env;
  }

  async start() {
    this.stop();
    const loading = {};
    this.#current = loading;
    try {
      const { RingbackTone } = await this.#env.loadChunk("ringback-tone");
      if (this.#current !== loading) return;
      const tone = new RingbackTone(this.#env.window.AudioContext);
      this.#current = tone;
      tone.start();
    } catch {
      // The call continues without the tone; the panel shows that it rings.
    }
  }

  stop() {
    this.#current?.stop?.();
    this.#current = null;
  }
}
