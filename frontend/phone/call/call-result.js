/**
 * Decides how a call ended, by the server's record or else by the carrier's error, and makes the error (Problem) to
 * show.
 */

import { Problem } from "../errors.js";
import { reactionTo } from "./sdk-codes.js";

/** @import { CallRecord } from "../types.d.ts" */

const FINAL_STATUSES = new Set(["completed", "busy", "no-answer", "canceled", "failed", "refused"]);
/**
 * @typedef {{status: EpochPhoneCallStatus, message: string | null, code: string | null, help?: string | null,
 *   details?: CallRecord["details"], isLasting?: boolean}} CallResult
 */

/**
 * Maps a problem's code to other advice after a call, because its own advice says that the phone tries again.
 * @type {Record<string, string>}
 */
const CALL_FIX_CODES = { too_many_requests: "call_rate_limited", service_unavailable: "call_unavailable" };

/**
 * The server's reasons for which the phone has a code of its own, because it can find them before the call too.
 * @type {Record<string, string>}
 */
const OWN_CODES = { invalid_phone_number: "invalid_number" };

/**
 * The result of a call: that of its record if the record has ended, otherwise that of the carrier's error.
 * @param {CallRecord | null | undefined} record
 * @param {{code?: number} | null} carrierError
 * @returns {CallResult}
 */
export function callResult(record, carrierError) {
  if (record && isFinal(record.status)) {
    const { status, message, end_reason: reason, help, details } = record;
    // A call that just failed has its status as the reason. A lasting refusal names who must change something.
    const isLasting = (status === "failed" && Boolean(details?.who)) || undefined;
    const code = OWN_CODES[reason ?? ""] ?? (reason !== status && reason) ?? null;
    return { status, message: message || null, code: code || null, help, details, isLasting };
  }
  if (!carrierError) return { status: "no-answer", message: null, code: null };
  const { action, status = "failed", problem } = reactionTo(carrierError);
  // `wait` means that the SDK repairs its connection; here the carrier reported the end, so the connection works.
  const code = action === "wait" ? "call_failed" : (problem ?? null);
  return { status, message: null, code: status === "failed" ? code : null };
}

/**
 * The result of a call that the carrier answered although it never rang. The carrier does so to announce an error; a
 * call without a record never reached our server.
 * @param {CallRecord | null | undefined} record
 * @returns {CallResult}
 */
export function announcedResult(record) {
  if (record === null) return { status: "failed", message: null, code: "service_unavailable" };
  if (record && isFinal(record.status)) return callResult(record, null);
  return { status: "completed", message: null, code: null };
}

/**
 * @param {string} status
 * @returns {status is EpochPhoneCallStatus}
 */
export const isFinal = (status) => FINAL_STATUSES.has(status);

/**
 * The problem that ended a call; null for a normal end.
 * @param {CallResult} result
 */
export function problemOf({ status, code, ...explanation }) {
  if (status === "refused")
    return new Problem(code ?? "call_refused", { ...explanation, fallbackFixCode: "call_refused" });
  if (status === "failed") return asCallProblem(new Problem(code ?? "call_failed", explanation));
  // Staff, a limit or a revocation ended it.
  return code && explanation.message ? new Problem(code, explanation) : null;
}

/**
 * `problem` with the advice for the end of a call: the phone does not place the call again by itself.
 * @param {Problem} problem
 */
export function asCallProblem(problem) {
  const fixCode = CALL_FIX_CODES[problem.code];
  const { message, help, details } = problem;
  return fixCode && !help ? Object.assign(new Problem(problem.code, { message, details }), { fixCode }) : problem;
}
