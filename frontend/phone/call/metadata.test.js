/** Checks the validation of the metadata that a page gives with a call. */
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { readMetadata } from "./metadata.js";

const nested = (depth) => (depth ? { in: nested(depth - 1) } : 1);
const circular = {};
circular.self = circular;

describe("readMetadata", () => {
  test("undefined and null are no metadata", () => {
    for (const none of [undefined, null]) expect(readMetadata(none)).toEqual({ metadata: null, json: "" });
  });

  test.each([
    { contact: "4711" },
    {},
    { a: [1, "zwei", null, true, { b: 1.5 }], ключ: "\u{1F4DE}\n\u0085" },
    { text: "\\u0000", e: 1e300, small: 5e-324, ["__proto__x"]: 1 },
    nested(32),
    { note: "x".repeat(2_000 - '{"note":""}'.length) },
  ])("%j is kept unchanged", (given) => {
    const { metadata, json } = readMetadata(given);
    expect(metadata).toEqual(given);
    expect(json).toBe(JSON.stringify(given));
  });

  test("is a copy in its JSON form, which later changes of the page's object do not affect", () => {
    const given = { at: new Date(0), none: undefined, wrong: Number.NaN, list: [1] };
    const { metadata } = readMetadata(given);
    given.list.push(2);
    expect(metadata).toEqual({ at: "1970-01-01T00:00:00.000Z", wrong: null, list: [1] });
  });

  test("may be of another frame, without a prototype, or written by toJSON", () => {
    const foreign = runInNewContext("({ a: { b: [1] } })");
    expect(readMetadata(foreign).json).toBe('{"a":{"b":[1]}}');
    expect(readMetadata(Object.assign(Object.create(null), { a: 1 })).json).toBe('{"a":1}');
    class Contact {
      #id = 7;
      toJSON() {
        return { id: this.#id };
      }
    }
    expect(readMetadata({ contact: new Contact(), at: new Date(0) }).metadata).toEqual({
      contact: { id: 7 },
      at: "1970-01-01T00:00:00.000Z",
    });
    expect(readMetadata(new Contact()).json).toBe('{"id":7}');
  });

  test.each([
    ["a list", []],
    ["a text", "contact"],
    ["an empty text", ""],
    ["a number", 7],
    ["false", false],
    ["a date", new Date()],
    ["a Map", new Map([[1, 2]])],
    ["a Set inside", { a: new Set([1]) }],
    ["an element", document.body],
    ["an error in a list", { errors: [new Error("lost")] }],
    ["a regular expression", { a: /x/ }],
    ["an instance of a class", new (class Contact {})()],
    ["a function", () => {}],
    ["a function inside", { a: { f() {} } }],
    ["a symbol inside", { s: Symbol("s") }],
    ["a BigInt", { n: 10n }],
    ["a circle", circular],
    ["NUL", { a: "x\0" }],
    ["NUL in a key", { "\0": 1 }],
    ["half of a pair", { a: ["\ud83d"] }],
    ["half of a pair in a key", { "\udcde": 1 }],
    ["too many levels", nested(33)],
    ["very many levels", nested(5_000)],
    ["too many characters", { note: "x".repeat(2_000) }],
    [
      "a throwing getter",
      {
        get a() {
          throw new Error("no");
        },
      },
    ],
  ])("%s is refused", (_, given) => {
    expect(() => readMetadata(given)).toThrow(expect.objectContaining({ code: "invalid_metadata" }));
  });
});
