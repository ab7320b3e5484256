/** A call in the pop-out, as this page's phone has it. */
import { expect, test } from "vitest";
import { Problem } from "../errors.js";
import { PopOutCall } from "./pop-out-call.js";

/**
 * The end that the page's phone is told when the pop-out reports `ended`.
 * @param {object} ended
 */
function reportedEnd(ended) {
  let told;
  const listener = { ended: (end) => (told = end), deviceLost() {}, reconnecting() {}, warningsChanged() {} };
  const context = { phone: { state: "dialing" }, getSession: () => null, Problem, send() {}, onEnded() {} };
  const call = new PopOutCall({ details: { callId: "1" } }, listener, context);
  call.follow({
    state: "failed",
    answeredAt: null,
    ended,
    muted: false,
    lost: null,
    reconnecting: false,
    warnings: [],
  });
  return told;
}

test.each([
  ["refused", "call_refused"],
  ["failed", "call_failed"],
])("a call that ended %s there for an unknown reason has the advice of %s here", (status, fixCode) => {
  const problem = { code: "calls_at_once", message: "Too many calls at once" };
  const { problem: own } = reportedEnd({ status, duration: 0, message: problem.message, theirs: false, problem });
  expect([own.code, own.message, own.likeCode]).toEqual([problem.code, problem.message, fixCode]);
});
