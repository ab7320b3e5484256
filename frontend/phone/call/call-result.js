/** Decides how an unanswered call ended: by its record, else by the carrier's error. */

import { reactionTo } from "./sdk-codes.js";

/** @import { CallRecord } from "../types.d.ts" */

const FINAL_STATUSES = new Set(["completed", "busy", "no-answer", "canceled", "failed", "refused"]);
/** @typedef {{status: EpochPhoneCallStatus, message: string | null, code: string | null}} CallResult */

/**
 * @param {CallRecord | null} record
 * @param {{code?: number} | null} carrierError
 * @returns {CallResult}
 */
export function callResult(record, carrierError) {
  if (record && isFinal(record.status)) {
    return { status: record.status, message: record.message || null, code: record.end_reason || null };
  }
  if (!carrierError) return { status: "no-answer", message: null, code: null };
  const { status = "failed", problem } = reactionTo(carrierError);
  return { status, message: null, code: status === "failed" ? (problem ?? null) : null };
}

/**
 * @param {string} status
 * @returns {status is EpochPhoneCallStatus}
 */
export const isFinal = (status) => FINAL_STATUSES.has(status);
