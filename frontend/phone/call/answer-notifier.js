/**
 * Asks the server for the two numbers of an outgoing call (the called number and the caller id) as the server has them,
 * reports those that differ from the phone's, and holds back the listener's `answered` until the server has replied,
 * for at most 300 ms.
 */
import { withoutEmpty } from "./called-person.js";

/** @import { TokenSession } from "../session/token-session.js" */
/** @import { CallDetails, CallListener, Environment } from "../types.d.ts" */

// No longer than a person needs to say the first word.
const MAX_WAIT_MS = 300;

export class AnswerNotifier {
  #session;
  #details;
  #env;
  #callbacks;
  /** @type {Promise<void> | null} */
  #numbersRequest = null;
  #areNumbersKnown = false;
  /** Time of an answer that the listener was not told yet; 0 without one. */
  #pendingAnsweredAt = 0;
  #hasEnded = false;

  /**
   * @param {TokenSession} session
   * @param {CallDetails} details
   * @param {Environment} env
   * @param {{corrected: CallListener["corrected"], answered: (at: number) => void}} callbacks
   */
  constructor(session, details, env, callbacks) {
    this.#session = session;
    this.#details = details;
    this.#env = env;
    this.#callbacks = callbacks;
  }

  /** Ask the server for the numbers, once. To be called when the call rings: the server has the call by then. */
  requestNumbers() {
    this.#numbersRequest ??= this.#fetchNumbers();
    return this.#numbersRequest;
  }

  async #fetchNumbers() {
    const { callId } = this.#details;
    // A refused token is noticed by the next request.
    const answer = await this.#session.postStatus({ call_id: callId, wait: false }).catch(() => null);
    this.#areNumbersKnown = true;
    const { number = this.#details.number, from = this.#details.from } = withoutEmpty(answer?.call ?? {});
    const isSame = number === this.#details.number && from === this.#details.from;
    if (!isSame && !this.#hasEnded) this.#callbacks.corrected({ number, from });
  }

  /**
   * Call `answered` once the server has told the numbers, and after MAX_WAIT_MS at the latest.
   * @param {number} answeredAt
   */
  async notifyWithNumbers(answeredAt) {
    this.#pendingAnsweredAt = answeredAt;
    if (!this.#areNumbersKnown) await Promise.race([this.requestNumbers(), this.#env.wait(MAX_WAIT_MS)]);
    this.flush();
  }

  /** The call ends: a pending `answered` comes first. */
  end() {
    this.#hasEnded = true;
    this.flush();
  }

  /** Call a pending `answered` now. */
  flush() {
    const answeredAt = this.#pendingAnsweredAt;
    this.#pendingAnsweredAt = 0;
    if (answeredAt) this.#callbacks.answered(answeredAt);
  }
}
