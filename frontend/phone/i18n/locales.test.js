import { describe, expect, test } from "vitest";
import * as ar from "./locales/ar.js";
import * as en from "./locales/en.js";
import * as es from "./locales/es.js";
import { Problem } from "../errors.js";
import { loadTexts } from "./texts.js";

const paths = (table, before = "") =>
  Object.entries(table).flatMap(([key, value]) =>
    typeof value === "string" ? [before + key] : paths(value, `${before}${key}.`),
  );
const words = (table) => Object.values(table).flatMap((value) => (typeof value === "string" ? value : words(value)));

describe.each([
  ["es", es],
  ["ar", ar],
])("%s", (language, texts) => {
  test.each(["core", "dialer", "clickToCall", "settingsSheet", "popOut", "diagnostics"])(
    "%s has every word that English has, and no other",
    (group) => {
      expect(paths(texts[group]).sort()).toEqual(paths(en[group]).sort());
      expect(words(texts[group]).filter((word) => word.trim() === "").length).toBe(
        words(en[group]).filter((word) => word === "").length,
      );
    },
  );

  test("has a sentence and a fix for every problem", () => {
    for (const [code, sentences] of Object.entries(texts.problems)) {
      expect(
        sentences.filter((sentence) => sentence.trim()),
        code,
      ).toHaveLength(2);
      // The advice for a call that ended with too_many_requests: no code of its own.
      if (["call_rate_limited", "call_unavailable"].includes(code)) continue;
      // A code that errors.js does not know is shown as a call that failed.
      if (code !== "call_failed") expect(new Problem(code).message, code).not.toBe(new Problem("call_failed").message);
    }
    expect(Object.keys(texts.problems).sort()).toEqual(Object.keys({ ...en.fixes, ...en.urgentFixes }).sort());
  });

  test("has its language code", () => expect(texts.core.language).toBe(language));
});

test.each([
  ["es-MX", "es"],
  ["AR", "ar"],
  ["en-GB", null],
  ["tlh", null],
  [undefined, null],
])("a page in %s gets the texts in %s", async (locale, language) => {
  const env = { document, loadChunk: async (name) => ({ "locale-es": es, "locale-ar": ar })[name] };
  expect((await loadTexts(locale, env))?.core.language ?? null).toBe(language);
});

test("a language that cannot be loaded falls back to English", async () => {
  expect(await loadTexts("es", { loadChunk: () => Promise.reject(new Error("blocked")) })).toBeNull();
});
