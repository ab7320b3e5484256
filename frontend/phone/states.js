/** The states of the phone: the table of the moves between them, and checks of a state. */

/** @typedef {"sessionReady" | "fail" | "restart" | "dial" | "ring" | "accept" | "hangup" | "drop" | "reset"} Move */

/** @type {Record<EpochPhoneState, Partial<Record<Move, EpochPhoneState>>>} */
export const MOVES = {
  loading: { sessionReady: "ready", fail: "error" },
  ready: { dial: "dialing", fail: "error", restart: "loading" },
  dialing: { ring: "ringing", accept: "in-progress", hangup: "completed", drop: "failed" },
  ringing: { accept: "in-progress", hangup: "completed", drop: "failed" },
  "in-progress": { hangup: "completed", drop: "failed" },
  completed: { dial: "dialing", reset: "ready", fail: "error", restart: "loading" },
  failed: { dial: "dialing", reset: "ready", fail: "error", restart: "loading" },
  error: { sessionReady: "ready", dial: "dialing", restart: "loading" },
};

const READY_STATES = new Set(["ready", "completed", "failed"]);
const CALL_STATES = new Set(["dialing", "ringing", "in-progress"]);

/**
 * The state after `move`; null if the table has no such move.
 * @param {EpochPhoneState} state
 * @param {Move} move
 */
export const nextState = (state, move) => (Object.hasOwn(MOVES[state], move) && MOVES[state][move]) || null;

/**
 * True if a call can be placed.
 * @param {EpochPhoneState} state
 */
export const isReady = (state) => READY_STATES.has(state);

/**
 * True if a call is under way.
 * @param {EpochPhoneState} state
 */
export const isInCall = (state) => CALL_STATES.has(state);
