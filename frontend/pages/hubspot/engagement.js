/** Translates an ended call into HubSpot's end status and the properties of its engagement. */

/** @import { EndStatus, RawEngagementProperties } from "@hubspot/calling-extensions-sdk" */

/** @type {Record<EpochPhoneCallStatus, EndStatus>} */
const END_STATUSES = {
  completed: "COMPLETED",
  busy: "BUSY",
  "no-answer": "NO_ANSWER",
  canceled: "CANCELED",
  failed: "FAILED",
  refused: "FAILED",
};
const SUCCESS_STATUSES = ["completed", "canceled"];

/** @param {EpochPhoneCallStatus} status */
export const endStatus = (status) => END_STATUSES[status] ?? "FAILED";

/**
 * True if HubSpot may hide the phone after the call; after a failure it must stay, because it shows the reason.
 * @param {EpochPhoneCallStatus} status
 */
export const mayHideWidget = (status) => SUCCESS_STATUSES.includes(status);

/**
 * The properties that HubSpot stores with a call. Durations are milliseconds.
 * @param {EpochPhoneCallStarted} started
 * @param {EpochPhoneCallEnded} ended
 * @returns {RawEngagementProperties}
 */
export function engagementProperties(started, ended) {
  return {
    hs_timestamp: Date.parse(started.startedAt),
    hs_call_title: `Call to ${started.number}`,
    hs_call_direction: "OUTBOUND",
    hs_call_from_number: started.from,
    hs_call_to_number: started.number,
    hs_call_status: endStatus(ended.status),
    hs_call_duration: String(ended.duration * 1000),
    ...(ended.message ? { hs_call_body: ended.message } : {}),
  };
}
