/** Asks the server how a call ended: its record knows reasons that the carrier does not tell the SDK. */
import { asProblem } from "../errors.js";
import { announcedResult, callResult, isFinal, problemOf } from "./call-result.js";

/** @import { Problem } from "../errors.js" */
/** @import { TokenSession } from "../session/token-session.js" */
/** @import { CallRecord, Environment } from "../types.d.ts" */
/** @import { CallResult } from "./call-result.js" */

// The server itself waits 2 s for the end of a call before it answers.
const LOST_CALL_QUESTIONS = 4;
// For the reason why the carrier ended an answered call, which mostly is the other side's hang-up.
const END_REASON_WAIT_MS = 1_000;

export class RecordedEnd {
  #session;
  #callId;
  #env;

  /**
   * @param {TokenSession} session
   * @param {string} callId
   * @param {Environment} env
   */
  constructor(session, callId, env) {
    this.#session = session;
    this.#callId = callId;
    this.#env = env;
  }

  /**
   * The call's end on record; null while there is none. Throws the Problem of a refused token.
   * @returns {Promise<CallResult | null>}
   */
  async find() {
    const record = await this.#fetch();
    return record && isFinal(record.status) ? callResult(record, null) : null;
  }

  /** The end of a call that the carrier answered itself because it did not reach the server; null if it did. */
  async findUnknown() {
    const result = announcedResult(await this.#fetch().catch(() => undefined));
    return result.status === "failed" ? result : null;
  }

  /**
   * The end of a call that the carrier ended before the answer, or that was answered without having rung. Throws the Problem
   * of a refused token.
   * @param {{hasRung: boolean, isAnswered: boolean, carrierError: {code?: number} | null}} call
   */
  async findRefused({ hasRung, isAnswered, carrierError }) {
    const record = await this.#fetch();
    // A short recorded error is over before the SDK has applied the answer.
    const isUnheard = record === null && !hasRung && !carrierError;
    return isAnswered || isUnheard ? announcedResult(record) : callResult(record, carrierError);
  }

  /**
   * The end of an answered call whose connection was lost. A record that does not end means that the carrier is gone too;
   * without an answer of the server nothing more is known than that the call is over.
   * @param {() => boolean} isOver True once nobody waits for it.
   * @returns {Promise<CallResult>}
   */
  async findLost(isOver) {
    /** @type {CallRecord | null | undefined} */
    let record;
    try {
      for (let asked = 0; asked < LOST_CALL_QUESTIONS && !isOver(); asked += 1) {
        record = await this.#fetch();
        if (!record || isFinal(record.status)) break;
      }
    } catch {
      // The token was refused: the session shows that.
    }
    if (record && isFinal(record.status)) return callResult(record, null);
    return { status: record ? "failed" : "completed", message: null, code: null };
  }

  /**
   * The reason why the carrier ended an answered call, if the server tells it soon: staff, a limit or a revocation; null
   * for the other side's hang-up.
   * @returns {Promise<Problem | null>}
   */
  async findReason() {
    /** @type {Problem | null} */
    let problem = null;
    const asked = this.#fetch().then(
      (record) => {
        if (record && isFinal(record.status)) problem = problemOf(callResult({ ...record, status: "completed" }, null));
      },
      (error) => {
        problem = asProblem(error);
      },
    );
    await Promise.race([asked, this.#env.wait(END_REASON_WAIT_MS)]);
    return problem;
  }

  /**
   * The record; null if the server has none, undefined if it does not answer. Throws Problem if the server refuses us.
   * @returns {Promise<CallRecord | null | undefined>}
   */
  async #fetch() {
    try {
      return (await this.#session.postStatus({ call_id: this.#callId })).call ?? null;
    } catch (error) {
      const problem = asProblem(error);
      if (problem.isTransient) return undefined;
      this.#session.giveUp(problem);
      throw problem;
    }
  }
}
