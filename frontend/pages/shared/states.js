/** The phone's states for our own pages: their texts, and those in which a call is under way. */

/** @type {Record<EpochPhoneState, string>} */
export const STATE_TEXTS = {
  loading: "Starting",
  ready: "Ready",
  dialing: "Calling",
  ringing: "Ringing",
  "in-progress": "In a call",
  completed: "Call ended",
  failed: "Call failed",
  error: "Problem",
};

/** @type {EpochPhoneState[]} */
export const IN_CALL_STATES = ["dialing", "ringing", "in-progress"];
