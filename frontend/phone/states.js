/** The states of the phone and the only ways between them. */
export const MOVES = {
  loading: { sessionReady: "ready", fail: "error" },
  ready: { dial: "dialing", fail: "error", restart: "loading" },
  dialing: { ring: "ringing", accept: "in-progress", hangup: "completed", drop: "failed" },
  ringing: { accept: "in-progress", hangup: "completed", drop: "failed" },
  "in-progress": { hangup: "completed" },
  completed: { dial: "dialing", reset: "ready", fail: "error", restart: "loading" },
  failed: { dial: "dialing", reset: "ready", fail: "error", restart: "loading" },
  error: { sessionReady: "ready", dial: "dialing", restart: "loading" },
};

const READY = new Set(["ready", "completed", "failed"]);
const IN_CALL = new Set(["dialing", "ringing", "in-progress"]);

/** The state after `move`, or null where the table has no such way. */
export const next = (state, move) => (Object.hasOwn(MOVES[state], move) ? MOVES[state][move] : null);

/** Whether a new call can be placed. */
export const isReady = (state) => READY.has(state);

/** Whether a call is being placed or held. */
export const isInCall = (state) => IN_CALL.has(state);
