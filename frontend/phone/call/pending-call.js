/** A call that has begun while the code that carries it is still loading. */
import { asProblem } from "../errors.js";

/** @import { ActiveCall, CallListener } from "../types.d.ts" */
/** @import { Problem } from "../errors.js" */

/** @implements {ActiveCall} */
export class PendingCall {
  #load;
  #listener;
  /** @type {ActiveCall | null} */
  #call = null;
  #isMuted = false;
  #hasEnded = false;

  /**
   * @param {() => Promise<ActiveCall>} load Resolves to the real call.
   * @param {CallListener} listener Told of the end if the real call never comes.
   */
  constructor(load, listener) {
    this.#load = load;
    this.#listener = listener;
  }

  async start() {
    try {
      const call = await this.#load();
      if (this.#hasEnded) return;
      this.#call = call;
      if (this.#isMuted) call.mute(true);
      call.start();
    } catch (error) {
      this.#end("failed", asProblem(error));
    }
  }

  hangup() {
    if (this.#call) this.#call.hangup();
    else this.#end("canceled", null);
  }

  /** @param {boolean} isMuted */
  mute(isMuted) {
    this.#isMuted = isMuted;
    this.#call?.mute(isMuted);
  }

  /** @param {string} digit */
  sendDigit(digit) {
    this.#call?.sendDigit(digit);
  }

  continuePostDial() {
    this.#call?.continuePostDial();
  }

  /**
   * @param {"failed" | "canceled"} status
   * @param {Problem | null} problem
   */
  #end(status, problem) {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#listener.ended({ status, duration: 0, message: problem?.message ?? null, problem, endedByRemote: false });
  }
}
