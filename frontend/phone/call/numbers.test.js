import { describe, expect, test } from "vitest";
import { parseNumber, formatE164 } from "./numbers.js";

const US = { country: "US", calling_code: "1", trunk_prefix: "1", international_prefix: "011" };
const GB = { country: "GB", calling_code: "44", trunk_prefix: "0", international_prefix: "00" };
const IT = { country: "IT", calling_code: "39", trunk_prefix: "", international_prefix: "00" };
const RU = { country: "RU", calling_code: "7", trunk_prefix: "8", international_prefix: "810" };

describe("parseNumber", () => {
  test.each([
    ["(555) 123-4567", US, "+15551234567"],
    ["555.123.4567", US, "+15551234567"],
    ["1-555-123-4567", US, "+15551234567"],
    ["+1 (555) 123-4567", US, "+15551234567"],
    ["tel:+1-555-123-4567", US, "+15551234567"],
    ["tel:%28555%29%20123-4567", US, "+15551234567"],
    ["TEL:5551234567;phone-context=example.com", US, "+15551234567"],
    ["011 44 20 7946 0958", US, "+442079460958"],
    ["00 44 20 7946 0958", US, "+442079460958"],
    ["+44 (0)20 7946 0958", US, "+442079460958"],
    ["555\u2011123\u20114567", US, "+15551234567"],
    ["555\u00a0123\u00a04567", US, "+15551234567"],
    ["07911 123456", GB, "+447911123456"],
    ["7911 123456", GB, "+447911123456"],
    ["447911123456", GB, "+447911123456"],
    ["00 1 555 123 4567", GB, "+15551234567"],
    ["06 698 12345", IT, "+390669812345"],
    ["8 495 123-45-67", RU, "+74951234567"],
    ["812 123-45-67", RU, "+78121234567"],
    ["810 1 555 123 4567", RU, "+15551234567"],
  ])("%s becomes E.164", (typed, country, number) => {
    expect(parseNumber(typed, country)).toEqual({ number });
  });

  test.each([
    "",
    "   ",
    null,
    undefined,
    {},
    "hello",
    "1-800-FLOWERS",
    "555-1234",
    "555 123 4567 ext 12",
    "tel:+15551234567;ext=5",
    "+0555123456",
    "+",
    "++15551234567",
    "+12345678901234567",
    "12345",
    "411999",
    "(((((((((((((((5551234567)))))))))))))))",
    "555-123-4567\u0000",
  ])("%j is not a number", (typed) => {
    expect(parseNumber(typed, US)).toEqual({ code: "invalid_number" });
  });

  test.each(["911", "112", "999", "000", "110", "118", "119", " 9-1-1 ", "tel:911", "+112"])(
    "%s is an emergency number anywhere",
    (typed) => {
      expect(parseNumber(typed, US)).toEqual({ code: "emergency_number" });
      expect(parseNumber(typed, GB)).toEqual({ code: "emergency_number" });
    },
  );

  test("a national number is not valid without a country", () => {
    expect(parseNumber("5551234567", undefined)).toEqual({ code: "invalid_number" });
    expect(parseNumber("+15551234567", undefined)).toEqual({ number: "+15551234567" });
  });

  test("formatE164 formats North American numbers and leaves others", () => {
    expect(formatE164("+14155550100")).toBe("+1 415-555-0100");
    expect(formatE164("+442079460958")).toBe("+442079460958");
    expect(formatE164(undefined)).toBe("");
  });
});
