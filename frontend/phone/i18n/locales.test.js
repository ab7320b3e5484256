/** Checks the phone's texts in all languages against the English ones: complete, translated, with all placeholders. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CSPViolations } from "../browser/csp-violations.js";
import "../call/call-sentences.js";
import { findMicrophoneObstacle } from "../call/microphone.js";
import { Problem } from "../errors.js";
import { PROBLEM_CODES, SERVER_CODES } from "../lazy/own-texts.js";
import { directionOf } from "./direction.js";
import { LIMITS } from "./refusals/explain.js";
import * as en from "./locales/en.js";
import { loadTexts } from "./texts.js";
import { missingApiBase } from "../session/token-session.js";
import { viewOf } from "../ui/views.js";

const HERE = import.meta.dirname;
const GROUPS = [
  "core",
  "dialer",
  "outcomes",
  "voicemail",
  "missedCalls",
  "clickToCall",
  "settingsSheet",
  "popOut",
  "diagnostics",
];
const LANGUAGES = readdirSync(join(HERE, "locales"))
  .map((file) => file.slice(0, -".js".length))
  .filter((language) => language !== "en");
const LOCALES = Object.fromEntries(
  await Promise.all(LANGUAGES.map(async (language) => [language, await import(`./locales/${language}.js`)])),
);
const REFUSALS = Object.fromEntries(
  await Promise.all(
    LANGUAGES.map(async (language) => [language, (await import(`./refusals/${language}.js`)).refusals]),
  ),
);
/** Texts that are the same in English: names, loan words, and words that both languages have. */
const SAME_AS_ENGLISH = {
  de: ["core.sandbox", "diagnostics.marks.ok", "diagnostics.marks.failed", "diagnostics.steps.token.name"],
  es: ["diagnostics.steps.token.name", "diagnostics.steps.media.name"],
  fr: ["settingsSheet.microphone", "diagnostics.marks.ok", "diagnostics.steps.microphone.name"],
  it: ["diagnostics.marks.ok", "diagnostics.steps.token.name", "diagnostics.steps.media.name"],
  nl: ["outcomes.later", "diagnostics.marks.ok", "diagnostics.steps.token.name"],
  pt: ["diagnostics.steps.token.name"],
};

/** Each text of a table by its path. */
const textsIn = (table, before = "") =>
  Object.entries(table).flatMap(([key, value]) =>
    typeof value === "string" ? [[before + key, value]] : textsIn(value, `${before}${key}.`),
  );
const pathsIn = (table) => textsIn(table).map(([path]) => path);
const placeholdersIn = (text) => (text.match(/\{\w+\}/g) ?? []).sort().join();
const groupsOf = (texts) => Object.fromEntries(GROUPS.map((group) => [group, texts[group]]));
const ENGLISH = new Map(textsIn(groupsOf(en)));
const file = (folder, language) => `frontend/phone/i18n/${folder}/${language}.js`;

/**
 * The differences between two lists of paths, as lines that say which file to edit: docs/development.md, "Add a text to
 * the widget", has the steps.
 */
function differences(path, found, wanted) {
  return [
    ...wanted.filter((key) => !found.includes(key)).map((key) => `add to ${path}: ${key}`),
    ...found.filter((key) => !wanted.includes(key)).map((key) => `remove from ${path}: ${key}`),
  ];
}

test("every language has every text that English has, and no other", () => {
  const found = LANGUAGES.flatMap((language) =>
    differences(file("locales", language), pathsIn(groupsOf(LOCALES[language])), [...ENGLISH.keys()]),
  );
  expect(found).toEqual([]);
});

test("every language has a sentence and an advice for every problem", () => {
  const found = LANGUAGES.flatMap((language) =>
    differences(file("locales", language), Object.keys(LOCALES[language].problems), [...PROBLEM_CODES]),
  );
  expect(found).toEqual([]);
});

test("the advice where several numbers may be meant names the list alone: a + may be there, and the field may not", () => {
  const advice = Object.entries(LOCALES).map(([language, { problems }]) => [language, problems.ambiguous_number[1]]);
  expect([["en", en.urgentFixes.ambiguous_number], ...advice].filter(([, fix]) => fix.includes("+"))).toEqual([]);
});

test("every language has the advice for every limit, kind, rule and cause", () => {
  const { amounts, ...wanted } = REFUSALS.es;
  const found = LANGUAGES.flatMap((language) => {
    const { amounts: own, ...others } = REFUSALS[language];
    const path = file("refusals", language);
    return [
      ...differences(path, pathsIn(others), pathsIn(wanted)),
      ...differences(path, Object.keys(own), Object.keys(amounts)),
    ];
  });
  expect(found).toEqual([]);
  expect(Object.keys(REFUSALS.es.amounts).sort()).toEqual(Object.keys(LIMITS).sort());
});

test("every cause that the phone names has its advice", () => {
  const folder = join(HERE, "..");
  const source = readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(".js") && !name.endsWith(".test.js") && !name.startsWith("i18n"))
    .map((name) => readFileSync(join(folder, name), "utf8"))
    .join("\n");
  const named = [...source.matchAll(/cause: "(\w+)"|blockedBy\("(\w+)"\)/g)].map(([, one, two]) => one ?? two);
  const known = Object.keys(REFUSALS.es.causes);
  expect(named.filter((cause) => !known.includes(cause))).toEqual([]);
  expect(named).toContain("policy");
});

describe.each(LANGUAGES)("%s", (language) => {
  const texts = LOCALES[language];
  const refusals = REFUSALS[language];

  test("has its language code and direction", () => {
    expect([texts.core.language, texts.core.direction]).toEqual([language, directionOf(language)]);
  });

  test("has no empty text where English has words, and keeps the placeholders", () => {
    const wrong = textsIn(groupsOf(texts)).filter(
      ([path, text]) =>
        (text.trim() === "") !== (ENGLISH.get(path) === "") ||
        placeholdersIn(text) !== placeholdersIn(ENGLISH.get(path)),
    );
    expect(wrong).toEqual([]);
    const sentences = Object.values(texts.problems).flat();
    expect(sentences.filter((sentence) => !sentence?.trim() || sentence.includes("{"))).toEqual([]);
  });

  test("leaves nothing in English", () => {
    const same = textsIn(groupsOf(texts))
      .filter(([path, text]) => text !== "" && text === ENGLISH.get(path) && path !== "core.direction")
      .map(([path]) => path);
    expect(same.sort()).toEqual([...(SAME_AS_ENGLISH[language] ?? [])].sort());
    for (const [code, [sentence, fix]] of Object.entries(texts.problems)) {
      expect(sentence, code).not.toBe(new Problem(code).message);
      expect([en.fixes[code], en.urgentFixes[code]], code).not.toContain(fix);
    }
  });

  test("writes names of English pages in its quotation marks", () => {
    const sentences = [...textsIn(refusals), ...textsIn(texts.problems)].map(([, text]) => text);
    const bare = /(?<![„«‘“「\u00a0\u2066])Calling\srules|(?<![„«‘“「\u00a0\u2066]|> )Settings(?! >)/;
    expect(sentences.filter((text) => bare.test(text))).toEqual([]);
    expect(
      sentences.filter((text) => /[„«‘“「][\u00a0\u2066]?Calling\srules[\u00a0\u2069]?[“»’”」]/.test(text)).length,
    ).toBe(11);
  });

  test("keeps numbers and names from left to right in text from right to left", () => {
    if (texts.core.direction !== "rtl") return;
    const all = [...textsIn(groupsOf(texts)), ...textsIn(refusals), ...textsIn(texts.problems)];
    const broken =
      /(?<!\u2066)(\{(digits|number|domain|source|directive)\}|0-9|Calling\srules|(Dashboard|Settings) >|\w+=)/;
    expect(all.filter(([, text]) => broken.test(text.replace(/\u2066[^\u2069]*\u2069/g, "")))).toEqual([]);
    expect(texts.dialer.tones.replace("{digits}", ",,1234;99#")).toContain("\u2066,,1234;99#\u2069");
  });

  test("keeps the placeholders of refusals, and has the plural forms of its language", () => {
    const { amounts, ...others } = refusals;
    const wanted = new Map(textsIn(REFUSALS.es));
    const wrong = textsIn(others).filter(([path, text]) => placeholdersIn(text) !== placeholdersIn(wanted.get(path)));
    expect(wrong).toEqual([]);
    const rules = new Intl.PluralRules(language);
    for (const [limit, forms] of Object.entries(amounts)) {
      const known = rules.resolvedOptions().pluralCategories;
      expect(known, limit).toEqual(expect.arrayContaining(Object.keys(forms)));
      expect(forms.other, limit).toContain("{value}");
      if (limit.includes("cents")) continue;
      const needed = new Set([1, 2, 3, 11, 25].map((count) => rules.select(count)));
      for (const category of needed) expect(forms[category] ?? forms.other, `${limit} ${category}`).toBeTruthy();
      if (needed.has("one")) expect(forms.one, limit).not.toBe(undefined);
    }
  });

  test("has a sentence of its own for every problem that errors.js or call-sentences.js knows", () => {
    for (const code of Object.keys(texts.problems)) {
      // The advice for a call that ended with too_many_requests: no code of its own. The server has the sentences of its
      // codes, and a code that errors.js does not know is shown as a call that failed.
      if (["call_rate_limited", "call_unavailable", "call_failed", ...SERVER_CODES].includes(code)) continue;
      expect(new Problem(code).message, code).not.toBe(new Problem("call_failed").message);
    }
  });

  test("explains what the server tells, and leaves the rest to the general advice", () => {
    const explained = (code, details) => texts.explain(new Problem(code, { help: "English", details }));
    const until = "2026-12-12T14:43:00Z";
    const country = (details) => explained("country_not_enabled", { country: "FR", ...details });
    const all = [
      explained("domain_not_allowed", { domain: "crm.example" }),
      country({}),
      country({ scope: "token" }),
      country({ home: "GB", until }),
      country({ home: "GB", until, listed: true }),
      country({ home: "GB", until, scope: "token" }),
      explained("service_unavailable", { scope: "service" }),
      ...Object.keys(refusals.numberKinds).map((kind) => explained("invalid_number", { kind })),
      ...Object.keys(refusals.causes).map((cause) =>
        explained("microphone_blocked", { cause, source: "https://a.example", directive: "connect-src" }),
      ),
      explained("time_limit_reached", { minutes: 60 }),
      explained("time_limit_reached", { minutes: 60, limit: "minutes_per_day", value: 90, who: "admin" }),
      ...Object.keys(LIMITS).flatMap((limit) => [
        explained("too_many_calls", { limit, value: 2500, used: 2500, who: "admin" }),
        explained("too_many_calls", { limit, value: 2500, used: 2500, who: "support" }),
        explained("too_many_calls", { limit, value: 2500, used: 2500, until, who: "support" }),
        explained("too_many_calls", { limit, value: 2500, used: 2500, until, who: "admin" }),
        explained("too_many_calls", { limit, value: 0, used: 0, who: "admin" }),
        explained("too_many_calls", { limit, value: 0, used: 0, scope: "token", who: "admin" }),
      ]),
    ];
    expect(all.filter((text) => !text || /English|undefined|NaN|null|[{}]|^\s|\s\s/.test(text))).toEqual([]);
    expect(new Set(all).size).toBe(all.length);
    const france = new Intl.DisplayNames([language], { type: "region" }).of("FR");
    expect(all[1]).toContain(france);
    expect(explained("spend", { limit: "spend_cents_per_day", value: 2500 })).toMatch(/25[.,]00/);
    expect(explained("too_many_calls", { limit: "a_new_limit", value: 1 })).toBeUndefined();
    expect(explained("number_blocked", {})).toBeUndefined();
  });

  test("names the day of a new account as the organization's calendar has it", () => {
    const day = (details) =>
      texts.explain(new Problem("too_many_calls", { details: { limit: "calls_per_day", value: 25, ...details } }));
    const until = "2026-12-12T23:30:00Z";
    expect(day({ until })).toContain("12");
    expect(day({ until, until_day: "2026-12-13" })).toContain("13");
    expect(day({ until, until_day: "2026-12-13" })).not.toMatch(/12(?!\s*月)/);
  });
});

test("limits are counted by the plural rules of the language, and by the general form without them", () => {
  const amount = (language, value) =>
    LOCALES[language].explain(
      new Problem("too_many_calls", { details: { limit: "calls_per_minute", value, who: "support" } }),
    );
  expect(amount("de", 1)).toContain("1 Anruf pro Minute");
  expect(amount("de", 2)).toContain("2 Anrufe pro Minute");
  expect(amount("fr", 1)).toContain("1 appel par minute");
  expect(amount("ar", 2)).toContain("مكالمتان في الدقيقة");
  expect(amount("ar", 5)).toContain("5 مكالمات في الدقيقة");
  expect(amount("ar", 25)).toContain("25 مكالمة في الدقيقة");
  expect(amount("ja", 1)).toContain("1分間に1件");
  const { PluralRules } = Intl;
  try {
    delete Intl.PluralRules;
    expect(amount("de", 1)).toContain("1 Anrufe pro Minute");
  } finally {
    Intl.PluralRules = PluralRules;
  }
});

test("the direction comes from the browser, else from a list", () => {
  const expected = { ar: "rtl", he: "rtl", fa: "rtl", ur: "rtl", en: "ltr", ja: "ltr" };
  const found = () => Object.fromEntries(Object.keys(expected).map((language) => [language, directionOf(language)]));
  expect(found()).toEqual(expected);
  const { getTextInfo } = Intl.Locale.prototype;
  const textInfo = Object.getOwnPropertyDescriptor(Intl.Locale.prototype, "textInfo");
  try {
    delete Intl.Locale.prototype.getTextInfo;
    delete Intl.Locale.prototype.textInfo;
    expect(found()).toEqual(expected);
  } finally {
    if (getTextInfo) Intl.Locale.prototype.getTextInfo = getTextInfo;
    if (textInfo) Object.defineProperty(Intl.Locale.prototype, "textInfo", textInfo);
  }
});

const env = (lang = "") => ({
  document: { documentElement: { lang } },
  loadChunk: async (name) => LOCALES[name.slice("locale-".length)],
});
test.each([
  ...[
    ["es-MX", "es"],
    ["AR", "ar"],
    ["ar-EG", "ar"],
    ["de-AT", "de"],
    ["pt-BR", "pt"],
    ["pt_PT", "pt"],
    ["fr-CA", "fr"],
  ],
  ...[
    ["nl-BE", "nl"],
    ["it-CH", "it"],
    ["ja-JP", "ja"],
    ["zh-Hant-TW", null],
    ["en-GB", null],
    ["tlh", null],
  ],
  ...[
    [undefined, null],
    [null, null],
    ["", null],
    ["-", null],
    [7, null],
    ["../de", null],
  ],
])("a page in %s gets the texts in %s", async (locale, language) => {
  expect((await loadTexts(locale, env()))?.core.language ?? null).toBe(language);
  expect((await loadTexts(undefined, env(String(locale ?? ""))))?.core.language ?? null).toBe(language);
});

test("a setting comes before the language of the page", async () => {
  expect((await loadTexts("de", env("fr")))?.core.language).toBe("de");
  expect(await loadTexts("en", env("fr"))).toBeNull();
});

test("advice that only the phone has is in the panel's language", () => {
  const page = new EventTarget();
  const violations = new CSPViolations(page);
  const violation = { disposition: "enforce", blockedURI: "https://voice.example", effectiveDirective: "connect-src" };
  page.dispatchEvent(Object.assign(new Event("securitypolicyviolation"), violation));
  const shown = (problem, texts) => {
    const { message } = viewOf({ state: "error", problem, isReady: false }, texts);
    return message.fix;
  };
  const blocked = new Problem("network_error", violations.adviceFor("https://voice.example/widget/exchange"));
  expect(shown(blocked, en)).toBe("Add https://voice.example to connect-src in this page's Content-Security-Policy.");
  expect(shown(blocked, LOCALES.de)).toBe(
    "Fügen Sie https://voice.example zu connect-src in der Content-Security-Policy dieser Seite hinzu.",
  );
  const obstacle = findMicrophoneObstacle({ window: { origin: "null" }, document, navigator });
  expect(shown(new Problem(obstacle.code, obstacle), LOCALES.nl)).toBe(REFUSALS.nl.causes.opaqueOrigin);
  expect(shown(missingApiBase(), LOCALES.ja)).toBe(REFUSALS.ja.causes.apiBase);
});

test("a language that cannot be loaded falls back to English", async () => {
  const blocked = { ...env(), loadChunk: () => Promise.reject(new Error("blocked")) };
  expect(await loadTexts("es", blocked)).toBeNull();
});
