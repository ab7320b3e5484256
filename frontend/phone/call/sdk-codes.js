/**
 * The voice SDK's error codes, and the phone's reaction to each before a call is answered.
 *
 * `action`: `renew` gets a new access token and tries once more; `wait` leaves the SDK to repair its connection; `end`
 * ends the attempt; `ignore` does nothing, because the code is about something that the phone does not use.
 * `status` is the call's status where the code says it; `problem` is the phone's own error code. A test compares the
 * table with the installed SDK: a new code needs a decision here.
 */

/**
 * @typedef {{action: "renew" | "wait" | "end" | "ignore", status?: EpochPhoneCallStatus, problem?: string}} SdkReaction
 */

/** @type {SdkReaction} */
const RENEW = { action: "renew", problem: "service_unavailable" };
/** @type {SdkReaction} */
const WAIT = { action: "wait", problem: "connection_failed" };
/** @type {SdkReaction} */
const IGNORE = { action: "ignore" };
/** @type {(problem: string) => SdkReaction} */
const endWith = (problem) => ({ action: "end", problem });

/** @type {Record<number, SdkReaction>} */
export const SDK_CODES = {
  // The access token.
  20101: RENEW, // invalid
  20104: RENEW, // expired
  20151: RENEW, // refused
  31201: RENEW, // not authorized
  31202: RENEW, // signature
  31204: RENEW, // invalid
  31205: RENEW, // expired
  31207: RENEW, // lives too long
  31102: RENEW, // missing in the request
  // The called party.
  31480: { action: "end", status: "no-answer" },
  31487: { action: "end", status: "no-answer" }, // the request was terminated
  31486: { action: "end", status: "busy" },
  31600: { action: "end", status: "busy" }, // busy everywhere
  31603: endWith("call_failed"), // declined: a rejected call, or an application that could not be read
  31404: endWith("call_failed"), // not found
  31002: endWith("call_failed"), // the connection was declined
  31008: endWith("call_failed"), // canceled
  // The connection to the carrier, which the SDK repairs itself.
  31000: WAIT, // its socket reported an error
  31005: WAIT, // its socket closed
  31009: WAIT, // no transport
  53001: WAIT,
  31003: endWith("connection_failed"), // the carrier's time-out
  53000: endWith("connection_failed"), // the gateway's error with a code that the SDK does not know
  // The audio connection.
  53400: endWith("connection_failed"), // local description
  53402: endWith("connection_failed"), // remote description
  53405: endWith("connection_failed"),
  // The microphone.
  31401: endWith("microphone_denied"),
  31402: endWith("microphone_in_use"),
  // Faults of the installation: nothing that the agent does helps.
  31001: endWith("service_unavailable"), // the TwiML application was not found
  31203: endWith("service_unavailable"), // no valid account
  31206: endWith("too_many_requests"),
  31208: endWith("service_unavailable"), // not allowed for this account
  31100: endWith("call_failed"), // malformed request
  31101: endWith("call_failed"), // a parameter is missing
  31103: endWith("call_failed"), // parameters too long
  31400: endWith("call_failed"), // bad request
  // Bridge tokens, client names, reconnecting by parameter, call messages: not used.
  31104: IGNORE,
  31105: IGNORE,
  31107: IGNORE,
  31209: IGNORE,
  31210: IGNORE,
  31212: IGNORE,
};

/**
 * The reaction to an SDK error; codes that are not in the table are left to the SDK.
 * @param {{code?: number} | null | undefined} error
 * @returns {SdkReaction}
 */
export const reactionTo = (error) => SDK_CODES[error?.code ?? 0] ?? WAIT;
