/** Checks the table of the transitions between the phone's states. */
import { describe, expect, test } from "vitest";
import { isInCall, isReady, TRANSITIONS, nextState } from "./states.js";

const STATES = ["loading", "ready", "dialing", "ringing", "in-progress", "completed", "failed", "error"];
const EVENTS = ["sessionReady", "fail", "dial", "ring", "accept", "hangup", "drop", "reset", "restart"];
// One row a state, one column an event, in the orders above; "-" is: nothing changes.
const EXPECTED = `
  ready  error  -        -        -            -          -       -      -
  -      error  dialing  -        -            -          -       -      loading
  -      -      -        ringing  in-progress  completed  failed  -      -
  -      -      -        -        in-progress  completed  failed  -      -
  -      -      -        -        -            completed  failed  -      -
  -      error  dialing  -        -            -          -       ready  loading
  -      error  dialing  -        -            -          -       ready  loading
  ready  -      dialing  -        -            -          -       -      loading
`
  .trim()
  .split("\n")
  .map((row) => row.trim().split(/\s+/));

describe("TRANSITIONS", () => {
  test("has exactly the eight states", () => {
    expect(Object.keys(TRANSITIONS)).toEqual(STATES);
  });
  for (const [row, state] of STATES.entries()) {
    for (const [column, event] of EVENTS.entries()) {
      const to = EXPECTED[row][column];
      test(`${event} in ${state} leads to ${to === "-" ? "nothing" : to}`, () => {
        expect(nextState(state, event)).toBe(to === "-" ? null : to);
      });
    }
  }
  test("a property of every object is not a transition", () => {
    expect(nextState("ready", "constructor")).toBeNull();
  });
  test("only ready, completed and failed are ready for a call", () => {
    expect(STATES.filter(isReady)).toEqual(["ready", "completed", "failed"]);
  });
  test("dialing, ringing and in-progress are in a call", () => {
    expect(STATES.filter(isInCall)).toEqual(["dialing", "ringing", "in-progress"]);
  });
});
