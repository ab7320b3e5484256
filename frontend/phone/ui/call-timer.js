/** Shows the running time of an answered call, in this tab or in another one, and the status of any other. */
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
   * @param {(text: string, isTime: boolean) => void} show
   */
  constructor(phone, env, show) {
    this.#phone = phone;
    this.#env = env;
    this.#show = show;
  }

  /**
   * Show the present text, and go on for as long as an answered call lasts.
   * @param {string} status Shown where no answered call runs.
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
