import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Digits } from "../phone/digits.js";

describe("digits", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("sound one after another, however fast they come", () => {
    const sent = [];
    const digits = new Digits((digit) => sent.push(digit));
    for (const digit of "159#") digits.push(digit);
    expect(sent).toEqual(["1"]);
    vi.advanceTimersByTime(250);
    expect(sent).toEqual(["1", "5"]);
    vi.runAllTimers();
    expect(sent).toEqual(["1", "5", "9", "#"]);
  });

  it("sound at once again after a pause", () => {
    const sent = [];
    const digits = new Digits((digit) => sent.push(digit));
    digits.push("1");
    vi.runAllTimers();
    digits.push("2");
    expect(sent).toEqual(["1", "2"]);
  });

  it("are forgotten with their call", () => {
    const sent = [];
    const digits = new Digits((digit) => sent.push(digit));
    for (const digit of "12") digits.push(digit);
    digits.clear();
    vi.runAllTimers();
    expect(sent).toEqual(["1"]);
  });
});
