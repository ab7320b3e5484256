/**
 * The chunk that checks a page's own texts (the setting `texts`) and puts them in place of the phone's. Loaded only for
 * pages that give some.
 */
import * as english from "../i18n/locales/en.js";

/** @import { Texts } from "../i18n/texts.js" */

/**
 * The codes of the problems whose sentences the server sends.
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
/** The groups of texts whose keys begin with the group's name. Without `popOut`: that page is not the customer's. */
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
 * Key to English text, for all keys that a page may give except `problems.<code>.message` and `problems.<code>.fix`.
 * @type {ReadonlyMap<string, string>}
 */
export const KEYS = new Map([
  ...entriesOf(english.core, "").filter(([key]) => key !== "language" && key !== "direction"),
  ...GROUPS.flatMap((group) => entriesOf(english[group], `${group}.`)),
]);

/**
 * The key and text of each text in `table` and its inner tables.
 * @param {object} table
 * @param {string} prefix Of the keys.
 * @returns {[key: string, text: string][]}
 */
function entriesOf(table, prefix) {
  const names = Array.isArray(table) ? ["message", "fix"] : Object.keys(table);
  return Object.values(table).flatMap((value, index) =>
    typeof value === "string" ? [[prefix + names[index], value]] : entriesOf(value, `${prefix}${names[index]}.`),
  );
}

/**
 * The objects of own texts whose errors were logged.
 * @type {WeakSet<object>}
 */
const loggedTexts = new WeakSet();

/**
 * A copy of a table of texts, all its tables included; the oldest browsers have no structuredClone.
 * @template Table
 * @param {Table} table
 * @returns {Table}
 */
const copyOf = (table) => JSON.parse(JSON.stringify(table));

/**
 * `translation` with the texts in `own`. Its texts for one language replace its texts for all languages. Keys and
 * values that are not valid are left out, and logged once.
 * @param {Texts | null} translation Null for English.
 * @param {unknown} own
 * @returns {Texts}
 */
export function withOwnTexts(translation, own) {
  /** @type {Texts} */
  const texts = translation ?? { core: english.core };
  const { given, errors } = readTexts(own, texts.core.language);
  if (errors.length > 0 && !(isTable(own) && loggedTexts.has(own))) {
    console.warn(`[EpochPhone] texts: ${errors.join("; ")}`);
  }
  if (isTable(own)) loggedTexts.add(own);
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
    // The page's own advice comes before the translated advice about a case.
    explain: (problem) => ownFixes[problem.fixCode] ?? texts.explain?.(problem),
  });
}

/**
 * The valid texts of `own` for `language` by their keys, and an error about each that is not valid.
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
   * @param {string} prefix Of the keys in errors.
   * @param {boolean} isUsed
   */
  const read = (table, prefix, isUsed) => {
    for (const [key, value] of Object.entries(table)) {
      const name = JSON.stringify(prefix + key);
      if (!isKey(key)) errors.push(`${name} is not a text of the phone`);
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
