/**
 * Checks that the built files of customers' pages use only syntax and functions of the oldest browsers that the guide
 * names.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "acorn";
import { describe, expect, test } from "vitest";
import { CHUNKS } from "../chunks.mjs";

const dist = join(dirname(fileURLToPath(import.meta.url)), "..", "dist");
const manifest = JSON.parse(readFileSync(join(dist, "manifest.json"), "utf8"));
const FILES = [
  "phone.js",
  "phone.full.js",
  "sdk.js",
  "pop-out-page.js",
  ...Object.keys(CHUNKS).map((name) => `${name}.js`),
];

/** A part of ES2022 that Safari has since 16.4 only. */
function newerSyntax(node) {
  if (node.type === "StaticBlock") return "a static block of a class";
  if (node.regex && /\(\?<[=!]/.test(node.regex.pattern)) return `a lookbehind: /${node.regex.pattern}/`;
  return null;
}

/** Functions that one of the oldest browsers does not have. An optional call, `text.isWellFormed?.()`, may use them. */
const NEWER_FUNCTIONS = new Set([
  ...[
    "any",
    "canParse",
    "findLast",
    "findLastIndex",
    "fromAsync",
    "groupBy",
    "isWellFormed",
    "structuredClone",
    "timeout",
  ],
  ...["toReversed", "toSorted", "toSpliced", "toWellFormed", "try", "withResolvers"],
]);

/** The name of a newer function if `node` calls one; of `any` and `timeout`, AbortSignal's alone. */
function newerFunction({ type, callee, optional }) {
  if (type !== "CallExpression" || optional) return null;
  const name = callee.type === "Identifier" ? callee.name : callee.computed ? null : callee.property?.name;
  if (!NEWER_FUNCTIONS.has(name)) return null;
  const isOfAbortSignal = callee.object?.name === "AbortSignal";
  return ["any", "timeout"].includes(name) && !isOfAbortSignal ? null : `${name}()`;
}

/** Syntax and functions in `node` and its children that the oldest supported browsers lack. */
function findNewer(node) {
  const found = newerSyntax(node) ?? newerFunction(node);
  const children = Object.values(node)
    .flat()
    .filter((value) => typeof value?.type === "string");
  return [...(found ? [found] : []), ...children.flatMap(findNewer)];
}

const parseBuilt = (code) => parse(code, { ecmaVersion: 2022, sourceType: "module" });

describe("the syntax of the built files", () => {
  test.each(FILES)("%s needs nothing that Chrome 94, Firefox 93 or Safari 15.4 does not have", (name) => {
    expect(findNewer(parseBuilt(readFileSync(join(dist, manifest[name]), "utf8")))).toEqual([]);
  });

  test.each(["class A { static { start(); } }", "const pattern = /(?<=a)b/;", "f(() => /(?<!a)b/)"])(
    "%s would be found",
    (code) => {
      expect(findNewer(parseBuilt(code))).toHaveLength(1);
    },
  );

  test("functions that are asked for, and others of the same names, are not", () => {
    expect(findNewer(parseBuilt("text.isWellFormed?.(); Promise.any(all); set.timeout(5)"))).toEqual([]);
  });

  test("newer syntax would not be parsed", () => {
    expect(() => parseBuilt("const pattern = /[a&&b]/v;")).toThrow(SyntaxError);
    expect(() => parseBuilt("using file = open();")).toThrow(SyntaxError);
  });
});
