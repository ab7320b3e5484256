import { describe, expect, it } from "vitest";
import { isSameNumber, formatDuration } from "./format.js";

describe("isSameNumber", () => {
  it.each([
    ["+12125550142", "(212) 555-0142"],
    ["+17185550164", "1-718-555-0164"],
    ["+442079460018", "+44 20 7946 0018"],
    ["+441614960455", "011 44 161 496 0455"],
    ["+493023125042", "+49 (30) 23125-042"],
  ])("finds %s in %s", (e164, typed) => {
    expect(isSameNumber(e164, typed)).toBe(true);
  });

  it.each([
    ["+12125550142", "(212) 555-0143"],
    ["+12125550142", "142"],
    ["+12125550142", ""],
  ])("does not find %s in %s", (e164, typed) => {
    expect(isSameNumber(e164, typed)).toBe(false);
  });
});

describe("formatDuration", () => {
  it.each([
    [0, "0:00"],
    [74, "1:14"],
    [3600, "1:00:00"],
    [3725, "1:02:05"],
  ])("writes %i seconds as %s", (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});
