/** Makes the events `callAnswered` and `callEnded` from a call's data. */
import { knownFixes } from "../errors.js";
import { withoutEmpty } from "./called-person.js";

/** @import { EventPair } from "../events.js" */
/** @import { CallEnd, PhoneCall } from "../types.d.ts" */

/**
 * @param {PhoneCall} call Answered.
 * @returns {EventPair}
 */
export function callAnswered({ number, callId, answeredAt }) {
  return ["callAnswered", { number, callId, answeredAt: new Date(answeredAt ?? 0).toISOString() }];
}

/**
 * @param {PhoneCall} call
 * @param {CallEnd} end
 * @returns {EventPair}
 */
export function callEnded(
  { number, callId, metadata, name, company, url, extension },
  { status, duration, message, problem },
) {
  const optional = withoutEmpty({
    ...{ message, help: problem ? problem.fix : knownFixes[status] },
    ...{ name, company, url, extension },
  });
  return ["callEnded", { number, callId, duration, status, metadata, ...optional }];
}
