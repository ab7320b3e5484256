/** The ringback tone of the call that rings now. */
export class Tone {
  #env;
  #playing = null;

  constructor(env) {
    this.#env = env;
  }

  async start() {
    this.stop();
    const mine = {};
    this.#playing = mine;
    try {
      const { Ringback } = await this.#env.loadChunk("ringback-tone");
      if (this.#playing !== mine) return;
      this.#playing = new Ringback(this.#env.window.AudioContext);
      this.#playing.start();
    } catch {
      // A call that rings in silence is still a call, and the panel says that it rings.
    }
  }

  stop() {
    this.#playing?.stop?.();
    this.#playing = null;
  }
}
