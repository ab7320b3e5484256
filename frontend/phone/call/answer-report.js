/** Tells that a call is answered, with the number that the server dials: its reading may differ from this page's. */

/** @import { TokenSession } from "../session/token-session.js" */
/** @import { CallDetails, Environment } from "../types.d.ts" */

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
  /** Time of an answer that is not told yet. */
  #answeredAt = 0;
  #hasEnded = false;

  /**
   * @param {TokenSession} session
   * @param {CallDetails} details
   * @param {Environment} env
   * @param {{numberCorrected: (number: string) => void, answered: (at: number) => void}} on
   */
  constructor(session, details, env, on) {
    this.#session = session;
    this.#details = details;
    this.#env = env;
    this.#on = on;
  }

  /** Ask the server once, as soon as it has the call: when it rings. */
  askNumber() {
    this.#asked ??= this.#session.fetchCallNumber(this.#details.callId).then((number) => {
      this.#isNumberKnown = true;
      if (number && number !== this.#details.number && !this.#hasEnded) this.#on.numberCorrected(number);
    });
    return this.#asked;
  }

  /** @param {number} answeredAt */
  async tell(answeredAt) {
    this.#answeredAt = answeredAt;
    if (!this.#isNumberKnown) await Promise.race([this.askNumber(), this.#env.wait(MAX_WAIT_MS)]);
    this.tellNow();
  }

  /** The call ends: an answer that is not told yet comes first. */
  end() {
    this.#hasEnded = true;
    this.tellNow();
  }

  /** Tell an answer that is not told yet: the call is about to change again. */
  tellNow() {
    const answeredAt = this.#answeredAt;
    this.#answeredAt = 0;
    if (answeredAt) this.#on.answered(answeredAt);
  }
}
