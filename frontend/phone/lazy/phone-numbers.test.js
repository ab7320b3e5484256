/** Checks that numbers of all countries are formatted as the server formats them. */
import { expect, test } from "vitest";
import formatted from "../../tests/support/formatted-numbers.json";
import { formatInternational } from "./phone-numbers.js";

// The server's tests compare the same list with its own formatter.
test.each(Object.entries(formatted))("formats %s as %s", (number, text) => {
  expect(formatInternational(number)).toBe(text);
});

test.each(["", "Ada Park", "12345", "+44", "+1234567890123456"])("leaves %s as it is", (text) => {
  expect(formatInternational(text)).toBe(text);
});
