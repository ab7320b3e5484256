/**
 * Checks the number field: formatting while a person types or pastes, the country of the number; and the warning about
 * a call's sound.
 */
import { afterEach, describe, expect, test } from "vitest";
import { formatInternational, parseDialled } from "../../lazy/phone-numbers.js";
import { readNumber } from "../../numbers/read-number.js";
import { formatAsYouType } from "./format-as-you-type.js";
import { countryOf, formatTyped } from "./number-format.js";
import { qualityWarningOf } from "./call-quality.js";

const US = { country: "US", calling_code: "1", trunk_prefix: "1", international_prefix: "011" };
const GB = { country: "GB", calling_code: "44", trunk_prefix: "0", international_prefix: "00" };
const FR = { country: "FR", calling_code: "33", trunk_prefix: "0", international_prefix: "00" };
const IT = { country: "IT", calling_code: "39", trunk_prefix: "", international_prefix: "00" };

describe("formatTyped", () => {
  test.each([
    ["415", US, "415"],
    ["4155", US, "(415) 5"],
    ["4155550123", US, "(415) 555-0123"],
    ["14155550123", US, "1 (415) 555-0123"],
    ["41555501234", US, "41555501234"],
    ["+14155550123", US, "+1 415-555-0123"],
    ["+442079460018", US, "+44 20 7946 0018"],
    ["011442079460018", US, "011 44 20 7946 0018"],
    ["02079460018", GB, "020 7946 0018"],
    ["07700900123", GB, "07700 900123"],
    ["0145678901", FR, "01 45 67 89 01"],
    ["0039061234567", FR, "00 39 061 234 567"],
    ["061234567", IT, "061 234 567"],
    ["+971501234567", US, "+971 50 123 4567"],
    ["+999123", US, "+999123"],
    ["", US, ""],
    ["+", US, "+"],
  ])("formats %s as %s", (typed, country, shown) => {
    expect(formatTyped(typed, country)).toBe(shown);
    expect(formatTyped(shown, country)).toBe(shown);
  });

  test.each([
    ["+441614960455", "+44 161 496 0455"],
    ["+44161496", "+44 1614 96"],
    ["011441614960455", "011 44 161 496 0455"],
    ["+13105550123", "+1 310-555-0123"],
    ["+1310555", "+1 310-555"],
  ])("formats %s as %s where the formats of complete numbers are loaded", (typed, shown) => {
    expect(formatTyped(typed, US, formatInternational)).toBe(shown);
    expect(formatTyped(shown, US, formatInternational)).toBe(shown);
  });

  test.each(["1-800-FLOWERS", "+44 (0)20 7946 0018", "call Ada"])("leaves %s as it is", (text) => {
    expect(formatTyped(text, GB)).toBe(text);
  });

  test.each([
    ["2125550101", US],
    ["+61491570006", GB],
    ["00491701234567", FR],
    ["*#", US],
  ])("changes no digit of %s", (typed, country) => {
    for (let length = 0; length <= typed.length; length += 1) {
      const text = typed.slice(0, length);
      expect(formatTyped(text, country).replace(/[\s()-]/g, "")).toBe(text);
    }
  });
});

test.each([
  ["", US, { code: "1", region: "US" }],
  ["0207", GB, { code: "44", region: "GB" }],
  ["+44", US, { code: "44", region: "GB" }],
  ["+1416", US, { code: "1", region: null }],
  ["01149", US, { code: "49", region: "DE" }],
  ["+", US, null],
])("countryOf finds the country of %s", (text, ownCountry, expected) => {
  expect(countryOf(text, ownCountry)).toEqual(expected);
});

describe("formatAsYouType", () => {
  let input;
  const attach = (country = US) => {
    input = document.createElement("input");
    document.body.append(input);
    input.focus();
    formatAsYouType(input, {
      getCountry: () => country,
      readNumber: (text) => readNumber(text, country, parseDialled),
      onWritten: () => {},
    });
  };
  const edit = (value, caret, inputType) => {
    input.value = value;
    input.setSelectionRange(caret, caret);
    input.dispatchEvent(new InputEvent("input", { inputType }));
    return [input.value, input.selectionStart];
  };
  afterEach(() => document.body.replaceChildren());

  test("keeps the caret at the end while typing", () => {
    attach();
    expect(edit("4155", 4, "insertText")).toEqual(["(415) 5", 7]);
  });

  test("keeps the caret between the same digits when a digit is typed in the middle", () => {
    attach();
    edit("415555012", 9, "insertText");
    expect(edit("(4195) 555-012", 4, "insertText")).toEqual(["(419) 555-5012", 4]);
  });

  test("deletes the digit before a deleted punctuation mark", () => {
    attach();
    edit("4155550123", 10, "insertText");
    expect(edit("(415)555-0123", 5, "deleteContentBackward")).toEqual(["(415) 550-123", 3]);
  });

  const give = (type, property, text) => {
    const event = new Event(type, { cancelable: true });
    event[property] = { getData: () => text };
    input.dispatchEvent(event);
    return [event.defaultPrevented, input.value];
  };

  test.each([
    ["tel:+44-20-7946-0018", "+44 20 7946 0018"],
    ["\u202a(212)\u00a0555\u20110101\u202c", "(212) 555-0101"],
    ["+1\ufe0f-212-555-0101", "+1 212-555-0101"],
    ["Ada Park: (212) 555-0101, after six", "+1 212-555-0101"],
    ["(212) 555-0101 x204", "(212) 555-0101 x204"],
    ["1-800-FLOWERS", "1-800-FLOWERS"],
    ["2026-11-28 14:00 +1 415 555 2671", "2026-11-28 14:00 +1 415 555 2671"],
    ["ID 4471234567 phone (415) 555-2671", "ID 4471234567 phone (415) 555-2671"],
    ["Ada\t4155552671\n2026-11-28", "Ada | 4155552671 | 2026-11-28"],
    ["2026-11-28 14", "2026-11-28 14"],
    ["2026/11/28 14", "2026/11/28 14"],
    ["2026.11.28 14", "2026.11.28 14"],
    ["28.11.2026 14", "28.11.2026 14"],
    ["2026-11-28", "2026-11-28"],
    ["+4930901820\n204", "+4930901820 | 204"],
    ["+4930901820\t204", "+4930901820 | 204"],
    ["+43 1 58858\n22", "+43 1 58858 | 22"],
    ["415 555 2671\r\n212 555 0101", "415 555 2671 | 212 555 0101"],
    ["415 555 2671 212 555 0101", "415 555 2671 212 555 0101"],
    ["4930123456", "4930123456"],
    ["Ada 442079460958", "Ada 442079460958"],
    ["Ada (mobile) (415) 555-2671 (work)", "+1 415-555-2671"],
    ["415", "415"],
  ])("writes the pasted or dropped text %j as %s, without leaving a digit out", (text, shown) => {
    for (const [type, property] of [
      ["paste", "clipboardData"],
      ["drop", "dataTransfer"],
    ]) {
      attach();
      expect(give(type, property, text)).toEqual([true, shown]);
    }
  });

  /** The number that is called, or those that are offered. */
  const meaningOf = (text) => {
    const { candidates } = readNumber(text, US, parseDialled);
    return [candidates.map(({ number }) => number), candidates.length !== 1 || candidates[0].isDoubtful];
  };
  const autofill = (text) => {
    // The browser's own field has no line break.
    input.value = text;
    input.dispatchEvent(new Event("change"));
  };
  const dictate = (text) => {
    const before = new InputEvent("beforeinput", { inputType: "insertText", data: text, cancelable: true });
    if (input.dispatchEvent(before)) edit(text, text.length, "insertText");
  };

  test.each([
    ["2026-11-28 14", ["+12026112814"]],
    ["28.11.2026 14", ["+12811202614"]],
    ["+4930901820\t204", ["+4930901820"]],
    ["+4930901820\n204", ["+4930901820"]],
    ["415 555 2671\n212 555 0101", ["+14155552671", "+12125550101"]],
    ["415 555 2671 212 555 0101", ["+14155552671", "+12125550101"]],
  ])("asks about %j as call() does, however it comes to the field", (text, numbers) => {
    expect(meaningOf(text)).toEqual([numbers, true]);
    const ways = {
      paste: () => give("paste", "clipboardData", text),
      drop: () => give("drop", "dataTransfer", text),
      dictate: () => dictate(text),
      ...(text.includes("\n") ? {} : { autofill: () => autofill(text) }),
    };
    for (const [way, put] of Object.entries(ways)) {
      attach();
      put();
      expect([way, ...meaningOf(input.value)]).toEqual([way, numbers, true]);
    }
  });

  test("inserts a pasted number at the caret", () => {
    attach();
    edit("4155", 4, "insertText");
    expect(give("paste", "clipboardData", "552671")).toEqual([true, "(415) 555-2671"]);
  });

  test.each([
    ["+٤٤٢٠٧٩٤٦٠٠١٨", "+44 20 7946 0018"],
    ["４１５５５５２６７１", "(415) 555-2671"],
    ["\u200e4155552671", "(415) 555-2671"],
  ])("shows the digits of %s that are called", (text, shown) => {
    attach();
    expect(edit(text, text.length, "insertReplacementText")).toEqual([shown, shown.length]);
  });

  test("changes nothing while an input method composes, and formats once at its end", () => {
    attach();
    input.dispatchEvent(new Event("compositionstart"));
    for (let length = 1; length <= 10; length += 1) {
      const text = "4155552671".slice(0, length);
      input.value = text;
      input.dispatchEvent(new InputEvent("input", { inputType: "insertCompositionText", isComposing: true }));
      expect(input.value).toBe(text);
    }
    input.dispatchEvent(new Event("compositionend"));
    expect(input.value).toBe("(415) 555-2671");
  });

  test("formats what the browser filled in without an event of input", () => {
    attach();
    input.value = "4155552671";
    input.dispatchEvent(new Event("change"));
    expect(input.value).toBe("(415) 555-2671");
  });
});

test.each([
  [{ lostDevice: "microphone", warnings: new Set(["high-rtt"]) }, "unplugged"],
  [{ lostDevice: null, warnings: new Set(["low-mos", "high-packet-loss"]) }, "lossy"],
  [{ lostDevice: null, warnings: new Set(["constant-audio-input-level"]) }, "silent"],
  [{ lostDevice: null, warnings: new Set(["a-new-one"]) }, ""],
  [{ lostDevice: null, warnings: new Set() }, ""],
])("qualityWarningOf words the worst problem", (phone, expected) => {
  expect(qualityWarningOf(phone, { microphone: "unplugged", lossy: "lossy", silent: "silent", poor: "poor" })).toBe(
    expected,
  );
});
