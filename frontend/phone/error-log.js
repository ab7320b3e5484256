/** Makes the `error` event of a problem, and logs each problem to the console once, with the page that explains it. */

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
   * The event of `problem`, which is logged.
   * @param {Problem} problem
   * @returns {EventPair}
   */
  eventOf(problem) {
    const { message, code, fix } = problem;
    if (!this.#logged.has(problem)) {
      this.#logged.add(problem);
      const { base } = this.#env;
      // The advice may name a phone number.
      const words = [
        `${message}.`,
        fix?.replace(/\+?\(?\d[\d ()-]{5,}\d/g, "…"),
        base && `${base}/docs/widget-integration#${code}`,
      ];
      console.warn(`EpochPhone: ${words.filter(Boolean).join(" ")}`);
    }
    return ["error", { message, code, ...(fix ? { help: fix } : {}) }];
  }
}
