/** The states of the phone: the table of the transitions between them, and checks of a state. */

/** @typedef {"sessionReady" | "fail" | "restart" | "dial" | "ring" | "accept" | "hangup" | "drop" | "reset"} Transition */

/** @type {Record<EpochPhoneState, Partial<Record<Transition, EpochPhoneState>>>} */
export const TRANSITIONS = {
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
 * The state after `transition`; null if the state has no such transition.
 * @param {EpochPhoneState} state
 * @param {Transition} transition
 */
export const nextState = (state, transition) =>
  (Object.hasOwn(TRANSITIONS[state], transition) && TRANSITIONS[state][transition]) || null;

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
