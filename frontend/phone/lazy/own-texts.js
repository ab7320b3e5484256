/** Puts a page's own texts in place of the phone's. Loaded only by pages that give some. */
import * as english from "../i18n/locales/en.js";

/** @import { Texts } from "../i18n/texts.js" */

/**
 * The codes of problems whose sentences the server sends.
 */
export const SERVER_CODES = [
  ...["invalid_embed_token", "revoked_embed_token", "domain_not_allowed", "organization_suspended"],
  ...["plan_not_supported", "no_phone_number", "country_not_enabled", "number_blocked", "destination_not_allowed"],
  ...["too_many_calls_at_once", "too_many_calls", "call_limit_reached", "time_limit_reached", "ended_by_staff"],
  ...["ended_token_revoked", "ended_organization_suspended", "ended_organization_deleted", "ended_calls_paused"],
  ...Object.keys(english.voicemailFixes),
];
/** The codes of all problems that have advice. */
export const PROBLEM_CODES = new Set([...SERVER_CODES, ...Object.keys({ ...english.fixes, ...english.urgentFixes })]);
/** The groups of a language whose keys begin with the group's name. The pop-out's own page is not the customer's. */
const GROUPS = /** @type {const} */ ([
  "dialer",
  "outcomes",
  "voicemail",
  "missedCalls",
  "clickToCall",
  "settingsSheet",
  "diagnostics",
]);
const MAX_LENGTH = 500;
const LANGUAGE = /^[a-z]{2,3}$/;

/**
 * The English text of each key that a page may give, but `problems.<code>.message` and `problems.<code>.fix`.
 * @type {ReadonlyMap<string, string>}
 */
export const KEYS = new Map([
  ...entriesOf(english.core, "").filter(([key]) => key !== "language" && key !== "direction"),
  ...GROUPS.flatMap((group) => entriesOf(english[group], `${group}.`)),
]);

/**
 * @param {object} table
 * @param {string} before
 * @returns {[key: string, text: string][]}
 */
function entriesOf(table, before) {
  const names = Array.isArray(table) ? ["message", "fix"] : Object.keys(table);
  return Object.values(table).flatMap((value, index) =>
    typeof value === "string" ? [[before + names[index], value]] : entriesOf(value, `${before}${names[index]}.`),
  );
}

/** @type {WeakSet<object>} */
const checked = new WeakSet();

/**
 * A copy of a table of texts, all its tables included; the oldest browsers have no structuredClone.
 * @template Table
 * @param {Table} table
 * @returns {Table}
 */
const copyOf = (table) => JSON.parse(JSON.stringify(table));

/**
 * `translation` with the texts of `own`: first the ones for every language, then the ones for its language. What is not a
 * text of the phone is left out, and named once in the console.
 * @param {Texts | null} translation Null for English.
 * @param {unknown} own
 * @returns {Texts}
 */
export function withOwnTexts(translation, own) {
  /** @type {Texts} */
  const texts = translation ?? { core: english.core };
  const { given, errors } = readTexts(own, texts.core.language);
  if (errors.length > 0 && !(isTable(own) && checked.has(own))) {
    console.warn(`[EpochPhone] texts: ${errors.join("; ")}`);
  }
  if (isTable(own)) checked.add(own);
  /** @type {Record<string, string>} */
  const ownFixes = {};
  /** @type {Record<string, any>} */
  const changed = { ...texts, core: copyOf(texts.core), problems: copyOf({ ...texts.problems }) };
  for (const group of GROUPS) changed[group] = copyOf({ ...(texts[group] ?? english[group]) });
  for (const [key, text] of given) {
    const path = key.split(".");
    const last = /** @type {string} */ (path.pop());
    const [group] = path;
    if (group === "problems") {
      changed.problems[path[1]] ??= [undefined, undefined];
      if (last === "fix") ownFixes[path[1]] = text;
    }
    const table = path.reduce(
      (found, name) => found[name],
      GROUPS.some((name) => name === group) || group === "problems" ? changed : changed.core,
    );
    table[Array.isArray(table) ? ["message", "fix"].indexOf(last) : last] = text;
  }
  return /** @type {Texts} */ ({
    ...changed,
    // The page's own advice says more than ours about one case.
    explain: (problem) => ownFixes[problem.fixCode] ?? texts.explain?.(problem),
  });
}

/**
 * The usable texts of `own` for `language`, by their key, and a complaint about each other one.
 * @param {unknown} own
 * @param {string} language
 */
function readTexts(own, language) {
  /** @type {Map<string, string>} */
  const given = new Map();
  /** @type {string[]} */
  const errors = [];
  /**
   * @param {Record<string, unknown>} table
   * @param {string} before Of the keys in errors.
   * @param {boolean} isUsed
   */
  const read = (table, before, isUsed) => {
    for (const [key, value] of Object.entries(table)) {
      const name = JSON.stringify(before + key);
      if (!isKey(key)) errors.push(`${name} is no text of the phone`);
      else if (typeof value !== "string" || !value.trim() || value.length > MAX_LENGTH) {
        errors.push(`${name} must be a text of 1 to ${MAX_LENGTH} characters`);
      } else {
        const missing = (KEYS.get(key)?.match(/\{\w+\}/g) ?? []).filter((placeholder) => !value.includes(placeholder));
        if (missing.length > 0) errors.push(`${name} lacks ${missing.join(", ")}`);
        if (isUsed) given.set(key, value);
      }
    }
  };
  if (!isTable(own)) return { given, errors: ["must be an object of texts by their keys"] };
  const entries = Object.entries(own);
  const isGroup = (/** @type {[string, unknown]} */ [key, value]) => LANGUAGE.test(key) && isTable(value);
  read(Object.fromEntries(entries.filter((entry) => !isGroup(entry))), "", true);
  for (const [key, table] of entries.filter(isGroup)) {
    read(/** @type {Record<string, unknown>} */ (table), `${key}.`, key === language);
  }
  return { given, errors };
}

/** @param {string} key */
const isKey = (key) => KEYS.has(key) || PROBLEM_CODES.has(/^problems\.(\w+)\.(?:message|fix)$/.exec(key)?.[1] ?? "");

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
const isTable = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
