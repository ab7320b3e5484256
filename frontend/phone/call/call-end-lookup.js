/**
 * Asks the server how a call ended: the server's record of a call has reasons that the carrier does not tell the SDK.
 */
import { asProblem } from "../errors.js";
import { announcedResult, callResult, isFinal, problemOf } from "./call-result.js";

/** @import { Problem } from "../errors.js" */
/** @import { TokenSession } from "../session/token-session.js" */
/** @import { CallRecord, Environment } from "../types.d.ts" */
/** @import { CallResult } from "./call-result.js" */

// The server itself waits 2 s for the end of a call before it answers.
const MAX_LOST_CALL_REQUESTS = 4;
// The end of an answered call is reported no later than this. Mostly there is no reason: the other side hung up.
const END_REASON_WAIT_MS = 1_000;

export class CallEndLookup {
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
   * The end in the call's record; null while the record has no end. Throws the Problem of a refused token.
   * @returns {Promise<CallResult | null>}
   */
  async fetchEnd() {
    const record = await this.#fetchRecord();
    return record && isFinal(record.status) ? callResult(record, null) : null;
  }

  /**
   * The end of a call that the carrier answered itself, because it could not reach our server; null for any other call.
   */
  async fetchEndIfUnreached() {
    const result = announcedResult(await this.#fetchRecord().catch(() => undefined));
    return result.status === "failed" ? result : null;
  }

  /**
   * The end of a call that was not connected to the called person: the carrier ended it before the answer, or answered
   * it without ringing. Throws the Problem of a refused token.
   * @param {{hasRung: boolean, isAnswered: boolean, carrierError: {code?: number} | null}} call
   */
  async fetchEndOfUnconnected({ hasRung, isAnswered, carrierError }) {
    const record = await this.#fetchRecord();
    // The carrier answers a call to play a recorded error. A short recording can end before the SDK reports the answer.
    const isAnnouncedError = record === null && !hasRung && !carrierError;
    return isAnswered || isAnnouncedError ? announcedResult(record) : callResult(record, carrierError);
  }

  /**
   * The end of an answered call whose connection was lost. It is `failed` if the record does not end, because the
   * carrier lost the call too, and `completed` if the server does not answer.
   * @param {() => boolean} isCanceled True once nobody waits for the result.
   * @returns {Promise<CallResult>}
   */
  async fetchEndOfLost(isCanceled) {
    /** @type {CallRecord | null | undefined} */
    let record;
    try {
      for (let requests = 0; requests < MAX_LOST_CALL_REQUESTS && !isCanceled(); requests += 1) {
        record = await this.#fetchRecord();
        if (!record || isFinal(record.status)) break;
      }
    } catch {
      // The token was refused: the session shows that.
    }
    if (record && isFinal(record.status)) return callResult(record, null);
    return { status: record ? "failed" : "completed", message: null, code: null };
  }

  /**
   * The reason why the carrier ended an answered call: staff, a limit or a revocation. Null if the other side hung up
   * or the server does not answer within END_REASON_WAIT_MS.
   * @returns {Promise<Problem | null>}
   */
  async fetchEndReason() {
    /** @type {Problem | null} */
    let problem = null;
    const request = this.#fetchRecord().then(
      (record) => {
        if (record && isFinal(record.status)) problem = problemOf(callResult({ ...record, status: "completed" }, null));
      },
      (error) => {
        problem = asProblem(error);
      },
    );
    await Promise.race([request, this.#env.wait(END_REASON_WAIT_MS)]);
    return problem;
  }

  /**
   * The record; null if the server has none, undefined if it does not answer. Throws Problem if the server refuses the
   * token.
   * @returns {Promise<CallRecord | null | undefined>}
   */
  async #fetchRecord() {
    try {
      return (await this.#session.postStatus({ call_id: this.#callId })).call ?? null;
    } catch (error) {
      const problem = asProblem(error);
      if (problem.isTransient) return undefined;
      this.#session.invalidate(problem);
      throw problem;
    }
  }
}
