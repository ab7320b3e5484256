/** Shows the running time of an answered call of this tab or of another one; in every other state, a status text. */
import { formatDuration } from "./components.js";

/** @import { Phone } from "../core.js" */
/** @import { Environment } from "../types.d.ts" */

const TICK_MS = 250;

export class CallTimer {
  #phone;
  #env;
  #show;
  #status = "";
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #ticker;

  /**
   * @param {Phone} phone
   * @param {Environment} env
   * @param {(text: string, isTime: boolean) => void} show Gets the time or the status.
   */
  constructor(phone, env, show) {
    this.#phone = phone;
    this.#env = env;
    this.#show = show;
  }

  /**
   * Show the time or the status now, and the time again several times a second while a call is answered.
   * @param {string} status Shown if no call is answered.
   */
  update(status) {
    this.#status = status;
    const phone = this.#phone;
    const answeredAt = (phone.isInCall ? phone.call : phone.remoteCall)?.answeredAt;
    if (!answeredAt) {
      this.stop();
      this.#show(status, false);
      return;
    }
    const seconds = Math.floor((this.#env.now() - answeredAt) / 1000);
    this.#show(formatDuration(Math.max(0, seconds)), true);
    this.#ticker ??= setInterval(() => this.update(this.#status), TICK_MS);
  }

  stop() {
    clearInterval(this.#ticker);
    this.#ticker = undefined;
  }
}
