/** Checks that the log of debug mode masks tokens and phone numbers. */
import { expect, test } from "vitest";
import { mask } from "./debug.js";

test.each([
  ["a token ept_Ab12Cd34", "a token ept_…"],
  ["eyJhbGciOi.eyJqdGki.sig-nature_1 expired", "<access token> expired"],
  ["+12125550123 is not allowed", "<number> is not allowed"],
  ["call (212) 555-0123 later", "call (<number> later"],
  ["Keep the metadata within 2,000 characters", "Keep the metadata within 2,000 characters"],
])("mask turns %s into %s", (text, masked) => expect(mask(text)).toBe(masked));
