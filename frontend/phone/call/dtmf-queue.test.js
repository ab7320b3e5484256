/** Checks the queue of a call's DTMF digits. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DtmfQueue } from "./dtmf-queue.js";

describe("DtmfQueue", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("sends waiting digits together after the playing one is over", () => {
    const sent = [];
    const digits = new DtmfQueue((more) => sent.push(more));
    for (const digit of "159#") digits.push(digit);
    expect(sent).toEqual(["1"]);
    vi.advanceTimersByTime(429);
    expect(sent).toEqual(["1"]);
    vi.advanceTimersByTime(1);
    expect(sent).toEqual(["1", "59#"]);
    digits.push("0");
    vi.advanceTimersByTime(3 * 230 + 199);
    expect(sent).toEqual(["1", "59#"]);
    vi.runAllTimers();
    expect(sent).toEqual(["1", "59#", "0"]);
  });

  it("sends at once after a pause", () => {
    const sent = [];
    const digits = new DtmfQueue((digit) => sent.push(digit));
    digits.push("1");
    vi.runAllTimers();
    digits.push("2");
    expect(sent).toEqual(["1", "2"]);
  });

  it("forgets waiting digits on clear", () => {
    const sent = [];
    const digits = new DtmfQueue((digit) => sent.push(digit));
    for (const digit of "12") digits.push(digit);
    digits.clear();
    vi.runAllTimers();
    expect(sent).toEqual(["1"]);
  });
});
