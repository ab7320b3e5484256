/** How a call of the phone ended, in HubSpot's words. */
const END_STATUS = {
  completed: "COMPLETED",
  busy: "BUSY",
  "no-answer": "NO_ANSWER",
  canceled: "CANCELED",
  failed: "FAILED",
  refused: "FAILED",
};
const UNEVENTFUL = ["completed", "canceled"];

export const endStatus = (status) => END_STATUS[status] ?? "FAILED";

/** Whether HubSpot may hide the phone when the call is over: a reason for a failure must stay in sight. */
export const mayHide = (status) => UNEVENTFUL.includes(status);

/** What HubSpot keeps with a call; `started` and `ended` are the phone's events, durations are milliseconds. */
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
