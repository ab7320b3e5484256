/** Decides how an unanswered call ended: by its record, else by the carrier's error. */

/** @import { CallRecord } from "../types.d.ts" */

const FINAL_STATUSES = new Set(["completed", "busy", "no-answer", "canceled", "failed", "refused"]);
/** @type {Record<number, EpochPhoneCallStatus>} */
const STATUS_BY_CARRIER_CODE = { 31486: "busy", 31600: "busy", 31480: "no-answer", 31487: "no-answer" };

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
  const known = STATUS_BY_CARRIER_CODE[carrierError?.code ?? 0];
  if (known) return { status: known, message: null, code: null };
  return { status: carrierError ? "failed" : "no-answer", message: null, code: null };
}

/**
 * @param {string} status
 * @returns {status is EpochPhoneCallStatus}
 */
export const isFinal = (status) => FINAL_STATUSES.has(status);
