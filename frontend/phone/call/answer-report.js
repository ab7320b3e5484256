/** Emits `callAnswered` with the numbers that the server dials and shows, which may differ from this page's. */
import { withoutEmpty } from "./called-person.js";

/** @import { TokenSession } from "../session/token-session.js" */
/** @import { CallDetails, CallListener, Environment } from "../types.d.ts" */

// No longer than a person needs to say the first word.
const MAX_WAIT_MS = 300;

export class AnswerReport {
  #session;
  #details;
  #env;
  #on;
  /** @type {Promise<void> | null} */
  #asked = null;
  #isNumberKnown = false;
  /** Time of an answer that is not emitted yet. */
  #answeredAt = 0;
  #hasEnded = false;

  /**
   * @param {TokenSession} session
   * @param {CallDetails} details
   * @param {Environment} env
   * @param {{corrected: CallListener["corrected"], answered: (at: number) => void}} on
   */
  constructor(session, details, env, on) {
    this.#session = session;
    this.#details = details;
    this.#env = env;
    this.#on = on;
  }

  /** Ask the server once, as soon as it has the call: when it rings. */
  askNumber() {
    this.#asked ??= this.#ask();
    return this.#asked;
  }

  async #ask() {
    const { callId } = this.#details;
    // A refused token is noticed by the next request.
    const answer = await this.#session.postStatus({ call_id: callId, wait: false }).catch(() => null);
    this.#isNumberKnown = true;
    const { number = this.#details.number, from = this.#details.from } = withoutEmpty(answer?.call ?? {});
    const isSame = number === this.#details.number && from === this.#details.from;
    if (!isSame && !this.#hasEnded) this.#on.corrected({ number, from });
  }

  /**
   * Emit the answer once the server's number is known, or after a moment without it.
   * @param {number} answeredAt
   */
  async tell(answeredAt) {
    this.#answeredAt = answeredAt;
    if (!this.#isNumberKnown) await Promise.race([this.askNumber(), this.#env.wait(MAX_WAIT_MS)]);
    this.tellNow();
  }

  /** The call ends: a pending answer is emitted first. */
  end() {
    this.#hasEnded = true;
    this.tellNow();
  }

  /** Emit a pending answer: the call is about to change again. */
  tellNow() {
    const answeredAt = this.#answeredAt;
    this.#answeredAt = 0;
    if (answeredAt) this.#on.answered(answeredAt);
  }
}
