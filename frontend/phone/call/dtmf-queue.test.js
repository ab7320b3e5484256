import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DtmfQueue } from "./dtmf-queue.js";

describe("digits", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("go out together once the one that sounds is surely over", () => {
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

  it("sound at once again after a pause", () => {
    const sent = [];
    const digits = new DtmfQueue((digit) => sent.push(digit));
    digits.push("1");
    vi.runAllTimers();
    digits.push("2");
    expect(sent).toEqual(["1", "2"]);
  });

  it("are forgotten with their call", () => {
    const sent = [];
    const digits = new DtmfQueue((digit) => sent.push(digit));
    for (const digit of "12") digits.push(digit);
    digits.clear();
    vi.runAllTimers();
    expect(sent).toEqual(["1"]);
  });
});
