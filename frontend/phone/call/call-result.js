/** Decides how an unanswered call ended: by its record, else by the carrier's error. */

import { Problem } from "../errors.js";
import { reactionTo } from "./sdk-codes.js";

/** @import { CallRecord } from "../types.d.ts" */

const FINAL_STATUSES = new Set(["completed", "busy", "no-answer", "canceled", "failed", "refused"]);
/**
 * @typedef {{status: EpochPhoneCallStatus, message: string | null, code: string | null, help?: string | null,
 *   details?: CallRecord["details"], isLasting?: boolean}} CallResult
 */

/**
 * Codes of the advice after a call, where the problem's own advice says that the phone tries again.
 * @type {Record<string, string>}
 */
const CALL_FIX_CODES = { too_many_requests: "call_rate_limited", service_unavailable: "call_unavailable" };

/**
 * The phone's own codes for reasons that it finds before a call too.
 * @type {Record<string, string>}
 */
const CODES = { invalid_phone_number: "invalid_number" };

/**
 * @param {CallRecord | null | undefined} record
 * @param {{code?: number} | null} carrierError
 * @returns {CallResult}
 */
export function callResult(record, carrierError) {
  if (record && isFinal(record.status)) {
    const { status, message, end_reason: reason, help, details } = record;
    // A call that just failed has its status as the reason. The carrier's refusals name who must change something.
    const isLasting = (status === "failed" && Boolean(details?.who)) || undefined;
    const code = CODES[reason ?? ""] ?? (reason !== status && reason) ?? null;
    return { status, message: message || null, code: code || null, help, details, isLasting };
  }
  if (!carrierError) return { status: "no-answer", message: null, code: null };
  const { then, status = "failed", problem } = reactionTo(carrierError);
  // The carrier told the end, so the connection to it works.
  const code = then === "wait" ? "call_failed" : (problem ?? null);
  return { status, message: null, code: status === "failed" ? code : null };
}

/**
 * The result of a call that the carrier answered although it never rang. It does that to tell an error in words; a call
 * without a record never reached the server.
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
 * The problem that ended a call; null for an end that is none.
 * @param {CallResult} result
 */
export function problemOf({ status, code, ...reason }) {
  if (status === "refused") return new Problem(code ?? "call_refused", { ...reason, likeCode: "call_refused" });
  if (status === "failed") return asCallProblem(new Problem(code ?? "call_failed", reason));
  // Staff, a limit or a revocation ended it.
  return code && reason.message ? new Problem(code, reason) : null;
}

/**
 * A problem that ended a call: the phone does not place the call again by itself.
 * @param {Problem} problem
 */
export function asCallProblem(problem) {
  const fixCode = CALL_FIX_CODES[problem.code];
  const { message, help, details } = problem;
  return fixCode && !help ? Object.assign(new Problem(problem.code, { message, details }), { fixCode }) : problem;
}
