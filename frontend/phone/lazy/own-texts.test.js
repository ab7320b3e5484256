/** Checks the texts that a page gives in place of the phone's. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { Problem } from "../errors.js";
import * as de from "../i18n/locales/de.js";
import { core } from "../i18n/locales/en.js";
import { loadTexts } from "../i18n/texts.js";
import * as ownTexts from "./own-texts.js";

const { KEYS, withOwnTexts } = ownTexts;
const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
afterEach(() => warn.mockClear());

describe("a page's own texts", () => {
  test("replace ours, in every language, and the others stay", () => {
    const own = {
      call: "Ring",
      "states.ready": "on duty",
      "dialer.recent": "Earlier",
      "clickToCall.title": "Ring {number}",
    };
    const english = withOwnTexts(null, own);
    expect([english.core.call, english.core.states.ready, english.core.hangUp]).toEqual(["Ring", "on duty", "Hang up"]);
    expect([english.dialer.recent, english.dialer.clearRecent]).toEqual(["Earlier", "Clear"]);
    expect(english.clickToCall.title).toBe("Ring {number}");
    const german = withOwnTexts(de, own);
    expect([german.core.call, german.core.hangUp, german.core.language]).toEqual(["Ring", "Auflegen", "de"]);
    expect([core.call, de.core.call]).toEqual(["Call", "Anrufen"]);
    expect(warn).not.toHaveBeenCalled();
  });

  test("for one language come before those for all, and leave the other languages alone", () => {
    const own = { call: "Ring", de: { call: "Anklingeln" }, fr: { call: "Sonner" } };
    expect(withOwnTexts(de, own).core.call).toBe("Anklingeln");
    expect(withOwnTexts(null, own).core.call).toBe("Ring");
    expect(withOwnTexts(de, { fr: { call: "Sonner" } }).core.call).toBe("Anrufen");
    expect(warn).not.toHaveBeenCalled();
  });

  test("may be about each text, and each is shown", () => {
    const own = Object.fromEntries([...KEYS].map(([key, text]) => [key, `own ${text}`]));
    const values = (table) =>
      Object.values(table).flatMap((value) => (typeof value === "string" ? value : values(value)));
    const { explain: _, ...changed } = withOwnTexts(null, own);
    const { language, direction, ...core } = changed.core;
    expect(values({ ...changed, core }).filter((text) => !text.startsWith("own "))).toEqual([]);
    expect([language, direction]).toEqual(["en", "ltr"]);
    expect(warn).not.toHaveBeenCalled();
  });

  test("about a problem come before every other advice", () => {
    const own = {
      "problems.domain_not_allowed.fix": "Ask Ann (extension 12).",
      "problems.invalid_number.message": "Typo",
    };
    const { problems, explain } = withOwnTexts(de, own);
    const problem = new Problem("domain_not_allowed", { details: { domain: "crm.example" } });
    expect(explain(problem)).toBe("Ask Ann (extension 12).");
    expect(problems.domain_not_allowed[0]).toBe("Die Domain ist nicht erlaubt");
    expect(problems.invalid_number).toEqual(["Typo", de.problems.invalid_number[1]]);
    expect(explain(new Problem("invalid_number", { details: { kind: "special" } }))).toMatch(/Sondernummer/);
    expect(withOwnTexts(null, own).problems.invalid_number).toEqual(["Typo", undefined]);
  });

  test.each([
    [{ calll: "Ring" }, '"calll" is not a text of the phone'],
    [{ language: "xx" }, '"language" is not a text of the phone'],
    [{ "problems.unheard_of.fix": "x" }, '"problems.unheard_of.fix" is not a text of the phone'],
    [{ __proto__: null, constructor: "x" }, '"constructor" is not a text of the phone'],
    [{ call: 7 }, '"call" must be a text of 1 to 500 characters'],
    [{ call: " " }, '"call" must be a text of 1 to 500 characters'],
    [{ call: "x".repeat(501) }, '"call" must be a text of 1 to 500 characters'],
    [{ de: { hangUpp: "x" } }, '"de.hangUpp" is not a text of the phone'],
    ["Ring", "must be an object of texts by their keys"],
    [["Ring"], "must be an object of texts by their keys"],
  ])("that are wrong are left out, and named: %j", (own, error) => {
    expect(withOwnTexts(null, own).core).toEqual(core);
    expect(warn).toHaveBeenCalledExactlyOnceWith(`[EpochPhone] texts: ${error}`);
  });

  test("without a placeholder are shown, and named", () => {
    expect(withOwnTexts(null, { "clickToCall.title": "Ring us" }).clickToCall.title).toBe("Ring us");
    expect(warn).toHaveBeenCalledExactlyOnceWith('[EpochPhone] texts: "clickToCall.title" lacks {number}');
  });

  test("are complained about once, however often the language changes", () => {
    const own = { calll: "Ring", cal: "Ring" };
    for (const texts of [null, de, null]) withOwnTexts(texts, own);
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      '[EpochPhone] texts: "calll" is not a text of the phone; "cal" is not a text of the phone',
    );
  });

  test("are loaded with the language, and only if there are some", async () => {
    const loadChunk = vi.fn(async (name) => ({ "locale-de": de, "own-texts": ownTexts })[name]);
    const env = { document, loadChunk };
    expect((await loadTexts("de", env, { call: "Ring" })).core.call).toBe("Ring");
    expect((await loadTexts("en", env, { call: "Ring" })).core.call).toBe("Ring");
    loadChunk.mockClear();
    await loadTexts("de", env);
    expect(loadChunk.mock.calls).toEqual([["locale-de"]]);
    const blocked = {
      document,
      loadChunk: async (name) => (name === "own-texts" ? Promise.reject(new Error("blocked")) : de),
    };
    expect((await loadTexts("de", blocked, { call: "Ring" })).core.call).toBe("Anrufen");
  });
});
