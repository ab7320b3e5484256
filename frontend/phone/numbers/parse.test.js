/** Checks the formatting of E.164 numbers by the rules that phone.js itself has. */
import { expect, test } from "vitest";
import { formatE164 } from "./parse.js";

test("formatE164 formats North American numbers and leaves others", () => {
  expect(formatE164("+14155550100")).toBe("+1 415-555-0100");
  expect(formatE164("+442079460958")).toBe("+442079460958");
  expect(formatE164(undefined)).toBe("");
});
