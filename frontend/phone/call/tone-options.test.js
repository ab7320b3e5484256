/** Checks the validation of a call's extension and digits. */
import { describe, expect, test } from "vitest";
import { readTones } from "./tone-options.js";

describe("readTones", () => {
  test.each([
    [{}, {}, "", ""],
    [{ extension: null, digits: "" }, {}, "", ""],
    [{ extension: "204" }, {}, "204", ""],
    [{ extension: 204, digits: 0 }, {}, "204", "0"],
    [{ extension: " *9# " }, {}, "*9#", ""],
    [{ digits: ",,1P2;3w#" }, {}, "", ",,1,2;3;#"],
    [{}, { extension: "7", digits: ",1" }, "7", ",1"],
    [{ extension: "204" }, { extension: "7", digits: ";1" }, "204", ";1"],
    [{ extension: "1".repeat(20), digits: "1".repeat(100) }, {}, "1".repeat(20), "1".repeat(100)],
  ])("%j beside a number with %j", (options, written, extension, digits) => {
    expect(readTones(options, written)).toEqual({ extension, digits });
  });

  test.each([
    "12a",
    "1,2",
    "1 2",
    "١٢",
    "+1",
    "1".repeat(21),
    "1\n2",
    {},
    [204],
    true,
    Symbol("1"),
    Object.create(null),
  ])("%o is no extension", (extension) => {
    expect(() => readTones({ extension }, {})).toThrow(expect.objectContaining({ code: "invalid_extension" }));
  });

  test.each(["12a", "1 2", "1x2", "1".repeat(101), {}, ["1"], false])("%o are no digits", (digits) => {
    expect(() => readTones({ digits }, {})).toThrow(expect.objectContaining({ code: "invalid_digits" }));
  });
});
