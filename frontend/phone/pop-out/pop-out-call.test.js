/** Checks the end of a call in the pop-out as this page's phone gets it. */
import { expect, test } from "vitest";
import { Problem } from "../errors.js";
import { PopOutCall } from "./pop-out-call.js";

const NUMBER = "+12125550101";

/**
 * The end that the page's phone gets when the pop-out reports `ended`.
 * @param {object} ended
 * @param {{verifyToken: () => void} | null} session
 */
function reportedEnd(ended, session = null) {
  let reported;
  const listener = {
    ended: (end) => (reported = end),
    deviceLost() {},
    postDialChanged() {},
    reconnecting() {},
    warningsChanged() {},
  };
  const context = {
    phone: { state: "dialing", call: { number: NUMBER } },
    getSession: () => session,
    Problem,
    send() {},
    onEnded() {},
  };
  const call = new PopOutCall({ details: { callId: "1" } }, listener, context);
  call.applySnapshot({
    details: { callId: "1", number: NUMBER },
    state: "failed",
    answeredAt: null,
    ended,
    muted: false,
    lost: null,
    reconnecting: false,
    warnings: [],
  });
  return reported;
}

test.each([
  ["refused", "call_refused"],
  ["failed", "call_failed"],
])("a call that ended %s there for an unknown reason has the advice of %s here", (status, fixCode) => {
  const problem = { code: "calls_at_once", message: "Too many calls at once" };
  const { problem: own } = reportedEnd({ status, duration: 0, message: problem.message, theirs: false, problem });
  expect([own.code, own.message, own.fallbackFixCode]).toEqual([problem.code, problem.message, fixCode]);
});

test("the page asks about its token when a problem ended an answered call there", () => {
  let asked = 0;
  const problem = { code: "revoked_embed_token", message: "Invalid or revoked token" };
  const ended = { status: "completed", duration: 2, message: problem.message, theirs: false, problem };
  reportedEnd(ended, { verifyToken: () => (asked += 1) });
  expect(asked).toBe(1);
});

test("the numbers that the pop-out learned from the server are those of the page's call", () => {
  const corrected = [];
  const listener = {
    corrected: (numbers) => corrected.push(numbers),
    ringing() {},
    deviceLost() {},
    postDialChanged() {},
    reconnecting() {},
    warningsChanged() {},
  };
  const phone = { state: "dialing", call: { number: "+4402079460958", from: "+14155550100" } };
  const call = new PopOutCall({ details: { callId: "1" } }, listener, { phone, send() {} });
  const snapshot = { state: "ringing", answeredAt: null, ended: null, muted: false, lost: null, reconnecting: false };
  call.applySnapshot({
    ...snapshot,
    details: { callId: "1", number: "+442079460958", from: "+14155550101" },
    warnings: [],
  });
  expect(corrected).toEqual([{ number: "+442079460958", from: "+14155550101" }]);
});
