/** Decides how an unanswered call ended: by its record, else by the carrier's error. */

import { Problem } from "../errors.js";
import { reactionTo } from "./sdk-codes.js";

/** @import { CallRecord } from "../types.d.ts" */

const FINAL_STATUSES = new Set(["completed", "busy", "no-answer", "canceled", "failed", "refused"]);
/** @typedef {{status: EpochPhoneCallStatus, message: string | null, code: string | null}} CallResult */

/**
 * @param {CallRecord | null | undefined} record
 * @param {{code?: number} | null} carrierError
 * @returns {CallResult}
 */
export function callResult(record, carrierError) {
  if (record && isFinal(record.status)) {
    return { status: record.status, message: record.message || null, code: record.end_reason || null };
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
export function problemOf({ status, message, code }) {
  if (status === "refused") {
    return new Problem(code ?? "call_refused", { message: message ?? undefined, likeCode: "call_refused" });
  }
  if (status === "failed") return new Problem(code ?? "call_failed", { message: message ?? undefined });
  return null;
}
