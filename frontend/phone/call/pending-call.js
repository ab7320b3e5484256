/** A call that begins before the code that carries it is there. */
import { asProblem } from "../errors.js";

/** Stands in for the attempt that `load()` resolves to, and tells `on` (see Attempt) where it never comes. */
export class Late {
  #load;
  #on;
  #attempt = null;
  #isMuted = false;
  #isOver = false;

  constructor(load, on) {
    this.#load = load;
    this.#on = on;
  }

  async start() {
    try {
      const attempt = await this.#load();
      if (this.#isOver) return;
      this.#attempt = attempt;
      if (this.#isMuted) attempt.mute(true);
      attempt.start();
    } catch (error) {
      this.#end("failed", asProblem(error));
    }
  }

  hangup() {
    if (this.#attempt) this.#attempt.hangup();
    else this.#end("canceled", null);
  }

  mute(on) {
    this.#isMuted = on;
    this.#attempt?.mute(on);
  }

  sendDigit(digit) {
    this.#attempt?.sendDigit(digit);
  }

  #end(status, problem) {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#on.ended({ status, duration: 0, message: problem?.message ?? null, problem, theirs: false });
  }
}
