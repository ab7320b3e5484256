/** How a call that was never answered ended: the record's word first, else what the carrier's error means. */
const FINAL = new Set(["completed", "busy", "no-answer", "canceled", "failed", "refused"]);
const BY_CARRIER_CODE = { 31486: "busy", 31600: "busy", 31603: "busy", 31480: "no-answer", 31487: "no-answer" };

/** `{status, message, code}` from the record of `/widget/status` (or null) and the carrier's error (or null). */
export function outcomeOf(record, carrierError) {
  if (record && FINAL.has(record.status)) {
    return { status: record.status, message: record.message || null, code: record.end_reason || null };
  }
  const known = BY_CARRIER_CODE[carrierError?.code];
  if (known) return { status: known, message: null, code: null };
  return { status: carrierError ? "failed" : "no-answer", message: null, code: null };
}
