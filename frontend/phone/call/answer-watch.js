/** Watches a call that does not ring yet: ends it when it takes too long, or when its record has ended. */
import { asProblem, Problem } from "../errors.js";

/** @import { CallResult } from "./call-result.js" */
/** @import { RecordedEnd } from "./recorded-end.js" */

const RINGING_TIMEOUT_MS = 30_000;
// A call that the carrier refuses may never ring and never end in the SDK; its record ends.
const RECORD_DELAY_MS = 2_000;
const RECORD_POLL_MS = 500;

/**
 * @typedef {object} AnswerWatchOptions
 * @property {RecordedEnd} recordedEnd
 * @property {() => boolean} isAskingForMicrophone
 * @property {(result: CallResult) => void} onRecordedEnd
 * @property {(problem: Problem) => void} onRefused The server refused the token.
 * @property {(problem: Problem) => void} onTimeout
 */

export class AnswerWatch {
  #options;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #ringingTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #recordTimer;

  /** @param {AnswerWatchOptions} options */
  constructor(options) {
    this.#options = options;
  }

  start() {
    this.#startRingingTimer();
    this.#recordTimer = setTimeout(() => this.#askForRecord(), RECORD_DELAY_MS);
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

  /** Ask the server, until it rings, whether the call is over: the carrier's refusal may not reach the SDK. */
  async #askForRecord() {
    const { recordedEnd, onRecordedEnd, onRefused } = this.#options;
    try {
      const result = await recordedEnd.find();
      if (!this.#recordTimer) return;
      if (result) onRecordedEnd(result);
      else this.#recordTimer = setTimeout(() => this.#askForRecord(), RECORD_POLL_MS);
    } catch (error) {
      onRefused(asProblem(error));
    }
  }
}
