/** Makes the `error` event of a problem, and logs the problem to the console, once, with a link to the guide. */

/** @import { Problem } from "./errors.js" */
/** @import { EventPair } from "./events.js" */
/** @import { Environment } from "./types.d.ts" */

export class ErrorLog {
  #env;
  /** @type {WeakSet<Problem>} */
  #logged = new WeakSet();

  /** @param {Environment} env */
  constructor(env) {
    this.#env = env;
  }

  /**
   * The event of `problem`; logs the problem if it was not logged before.
   * @param {Problem} problem
   * @returns {EventPair}
   */
  eventOf(problem) {
    const { message, code, fix } = problem;
    if (!this.#logged.has(problem)) {
      this.#logged.add(problem);
      const { base } = this.#env;
      const parts = [
        `${message}.`,
        // The advice may contain a phone number.
        fix?.replace(/\+?\(?\d[\d ()-]{5,}\d/g, "…"),
        base && `${base}/docs/widget-integration#${code}`,
      ];
      console.warn(`EpochPhone: ${parts.filter(Boolean).join(" ")}`);
    }
    return ["error", { message, code, ...(fix ? { help: fix } : {}) }];
  }
}
