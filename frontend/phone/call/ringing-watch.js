/**
 * Watches a call until it rings: reports if it does not ring in time, or if the server's record says that it has ended.
 */
import { asProblem, Problem } from "../errors.js";

/** @import { CallResult } from "./call-result.js" */
/** @import { CallEndLookup } from "./call-end-lookup.js" */

const RINGING_TIMEOUT_MS = 30_000;
// The server's record is checked too, because the SDK may report neither ringing nor an end of a call that the carrier
// refuses.
const RECORD_DELAY_MS = 2_000;
const RECORD_POLL_MS = 500;

/**
 * @typedef {object} RingingWatchOptions
 * @property {CallEndLookup} callEndLookup
 * @property {() => boolean} isAskingForMicrophone
 * @property {(result: CallResult) => void} onRecordedEnd
 * @property {(problem: Problem) => void} onRefused The server refused the token.
 * @property {(problem: Problem) => void} onTimeout
 */

export class RingingWatch {
  #options;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #ringingTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #recordTimer;

  /** @param {RingingWatchOptions} options */
  constructor(options) {
    this.#options = options;
  }

  start() {
    this.#startRingingTimer();
    this.#recordTimer = setTimeout(() => this.#checkRecord(), RECORD_DELAY_MS);
  }

  stop() {
    clearTimeout(this.#ringingTimer);
    clearTimeout(this.#recordTimer);
    this.#recordTimer = undefined;
  }

  #startRingingTimer() {
    const { isAskingForMicrophone, onTimeout } = this.#options;
    this.#ringingTimer = setTimeout(() => {
      if (isAskingForMicrophone()) this.#startRingingTimer();
      else onTimeout(new Problem("connection_failed"));
    }, RINGING_TIMEOUT_MS);
  }

  /** Ask the server whether the call has ended, again and again until the watch stops. */
  async #checkRecord() {
    const { callEndLookup, onRecordedEnd, onRefused } = this.#options;
    try {
      const result = await callEndLookup.fetchEnd();
      if (!this.#recordTimer) return;
      if (result) onRecordedEnd(result);
      else this.#recordTimer = setTimeout(() => this.#checkRecord(), RECORD_POLL_MS);
    } catch (error) {
      onRefused(asProblem(error));
    }
  }
}
