import { describe, expect, test } from "vitest";
import * as ar from "./locales/ar.js";
import * as en from "./locales/en.js";
import * as es from "./locales/es.js";
import { Problem } from "../errors.js";
import { loadTexts } from "./texts.js";

const SERVER_CODES = [
  ...[
    "invalid_embed_token",
    "revoked_embed_token",
    "domain_not_allowed",
    "organization_suspended",
    "plan_not_supported",
  ],
  ...["no_phone_number", "country_not_enabled", "number_blocked", "destination_not_allowed", "too_many_calls_at_once"],
  ...["too_many_calls", "call_limit_reached", "time_limit_reached", "ended_by_staff", "ended_token_revoked"],
  ...["ended_organization_suspended", "ended_organization_deleted", "ended_calls_paused"],
];
const LIMITS = [
  ...["live_calls", "live_calls_per_token", "live_calls_per_phone", "calls_per_minute", "calls_per_minute_per_token"],
  ...["calls_per_minute_per_phone", "calls_per_day", "calls_to_one_number_per_hour", "foreign_numbers_per_hour"],
  ...["minutes_per_day", "minutes_per_month", "spend_cents_per_day", "spend_cents_per_month"],
  "spend_cents_per_day_per_token",
];
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
      // The server has the English words of its own codes.
      if (SERVER_CODES.includes(code)) continue;
      // A code that errors.js does not know is shown as a call that failed.
      if (code !== "call_failed") expect(new Problem(code).message, code).not.toBe(new Problem("call_failed").message);
    }
    const codes = new Set([...SERVER_CODES, ...Object.keys({ ...en.fixes, ...en.urgentFixes })]);
    expect(Object.keys(texts.problems).sort()).toEqual([...codes].sort());
  });

  test("explains what the server tells, and leaves the rest to the general advice", () => {
    const explained = (code, details) => texts.explain(new Problem(code, { help: "English", details }));
    const until = "2026-12-12T14:43:00Z";
    const all = [
      explained("domain_not_allowed", { domain: "crm.example" }),
      explained("country_not_enabled", { country: "FR" }),
      explained("country_not_enabled", { country: "FR", scope: "token" }),
      explained("country_not_enabled", { country: "FR", home: "GB", until }),
      explained("country_not_enabled", { country: "FR", home: "GB", until, listed: true }),
      explained("country_not_enabled", { country: "FR", home: "GB", until, scope: "token" }),
      ...["own_number", "pay_per_call", "special", "unassigned"].map((kind) => explained("invalid_number", { kind })),
      ...LIMITS.flatMap((limit) => [
        explained("too_many_calls", { limit, value: 2500, used: 2500, who: "admin" }),
        explained("too_many_calls", { limit, value: 2500, used: 2500, who: "support" }),
        explained("too_many_calls", { limit, value: 2500, used: 2500, until, who: "support" }),
        explained("too_many_calls", { limit, value: 2500, used: 2500, until, who: "admin" }),
      ]),
    ];
    expect(all.filter((text) => !text || /English|undefined|NaN|null/.test(text))).toEqual([]);
    expect(new Set(all).size).toBe(all.length);
    expect(all[1]).toContain(language === "es" ? "Francia" : "فرنسا");
    expect(explained("spend", { limit: "spend_cents_per_day", value: 2500 })).toMatch(/25[.,]00/);
    expect(explained("too_many_calls", { limit: "a_new_limit", value: 1 })).toBeUndefined();
    expect(explained("number_blocked", {})).toBeUndefined();
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
