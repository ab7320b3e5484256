/** Checks which devices count as mobile phones. */
import { expect, test } from "vitest";
import { isMobilePhone } from "./is-mobile-phone.js";

const IPHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1";
const IPAD =
  "Mozilla/5.0 (iPad; CPU OS 12_2 like Mac OS X) AppleWebKit/605.1.15 Version/12.1 Mobile/15E148 Safari/604.1";
const MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.5 Safari/605.1.15";
const FIREFOX_PHONE = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0";
const FIREFOX_TABLET = "Mozilla/5.0 (Android 15; Tablet; rv:140.0) Gecko/140.0 Firefox/140.0";
const CHROME = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/147.0.0.0 Mobile Safari/537.36";

test.each([
  ["an iPhone", { userAgent: IPHONE }, true, true],
  ["an iPad", { userAgent: IPAD }, true, false],
  ["an iPad that says it is a Mac", { userAgent: MAC }, true, false],
  ["Firefox on a phone", { userAgent: FIREFOX_PHONE }, true, true],
  ["Firefox on a tablet", { userAgent: FIREFOX_TABLET }, true, false],
  ["Chrome on a phone", { userAgent: CHROME, userAgentData: { mobile: true } }, true, true],
  ["a computer that imitates a phone", { userAgent: CHROME, userAgentData: { mobile: true } }, false, false],
  ["a laptop with a touch screen", { userAgent: MAC, userAgentData: { mobile: false } }, true, false],
])("%s", (_, navigator, isCoarse, expected) => {
  const matchMedia = (query) => ({ matches: query === "(pointer: coarse)" && isCoarse });
  expect(isMobilePhone({ navigator, matchMedia })).toBe(expected);
});
