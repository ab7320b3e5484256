/**
 * Makes the advice for one problem from its details, by the templates of a language. The details are the facts that the
 * server sends about a refused or ended call (RefusalDetails in src/widget/refusals.py), or a `cause` that the phone found in
 * the browser, with the values for its template. Names of countries, numbers, days and plurals come from the browser's `Intl`.
 */

/** @import { Problem } from "../../errors.js" */

/**
 * A text for each plural category of the language; `other` replaces a missing one. Without `Intl.PluralRules` all numbers get
 * `other`.
 * @typedef {Partial<Record<Intl.LDMLPluralRule, string>> & {other: string}} Plural
 */
/**
 * The templates of a language; `{name}` is replaced.
 * @typedef {object} Refusals
 * @property {string} domain The token does not allow the domain of the page, `{domain}`.
 * @property {string} paused The staff of the service paused all calls.
 * @property {Record<"own_number" | "pay_per_call" | "special" | "unassigned", string>} numberKinds By the kind of the number.
 * @property {Record<"organization" | "token" | "listed" | "unlisted" | "unlistedForToken", string>} country Calls to
 *   `{country}` are not allowed. The last three are for new organizations, which until `{until}` may call only `{home}`.
 * @property {Record<string, string>} limitSentences The sentence that says which limit is used up.
 * @property {Record<string, string>} waitTimes The time until calls are possible again, as `limitAdvice` needs it.
 * @property {Record<string, Plural>} amounts A limit with its `{value}`, by the limit's name.
 * @property {Record<"raisable" | "other" | "none", string>} limitAdvice With `{reached}` (a limit sentence), `{wait}`,
 *   `{amount}`, `{raise}`; `none` is for a limit of 0.
 * @property {Record<"plain" | "limited", string>} timeLimitAdvice The longest duration of a call, `{minutes}`; `limited` is for
 *   a call that another limit shortened, with `{amount}`, `{raise}`.
 * @property {Record<"admin" | "token" | "support" | "newAdmin" | "newSupport", string>} raiseAdvice The person who can raise the limit
 *   and where; the last two are for new organizations, with `{until}`.
 * @property {Record<"policy" | "apiBase" | "system" | "page" | "parent" | "opaqueOrigin", string>} causes By the cause that
 *   the phone found in the browser; `policy` with `{source}` and `{directive}`.
 */

/**
 * For each limit, the keys of its texts in `limitSentences` and `waitTimes`.
 * @type {Record<string, [limitSentence: string, waitTime: string]>}
 */
export const LIMITS = {
  live_calls: ["atOnce", "otherCall"],
  live_calls_per_token: ["atOnce", "otherCall"],
  live_calls_per_phone: ["atOnce", "otherCall"],
  calls_per_minute: ["shortTime", "minute"],
  calls_per_minute_per_token: ["shortTime", "minute"],
  calls_per_minute_per_phone: ["shortTime", "minute"],
  calls_per_day: ["callsToday", "today"],
  calls_to_one_number_per_hour: ["sameNumber", "hour"],
  foreign_numbers_per_hour: ["foreignNumbers", "hour"],
  minutes_per_day: ["minutesToday", "today"],
  minutes_per_month: ["minutesThisMonth", "month"],
  spend_cents_per_day: ["budgetToday", "today"],
  spend_cents_per_month: ["budgetThisMonth", "month"],
  spend_cents_per_day_per_token: ["budgetToday", "today"],
};

/**
 * @param {string} template
 * @param {Record<string, string>} values
 */
export const fill = (template, values) => template.replace(/\{(\w+)\}/g, (match, name) => values[name] ?? match);

/**
 * A function that returns the advice for a problem in `language`; undefined if the general advice for its code is enough.
 * @param {string} language
 * @param {Refusals} refusals
 */
export function createExplain(language, refusals) {
  /** @param {Pick<Problem, "code" | "details">} problem */
  return ({ code, details }) => {
    const { cause, kind, domain, country, scope, limit, minutes } = details;
    if (Object.hasOwn(refusals.causes, cause ?? "")) {
      return fill(refusals.causes[/** @type {keyof Refusals["causes"]} */ (cause)], details);
    }
    if (code === "domain_not_allowed" && domain) return fill(refusals.domain, { domain });
    if (Object.hasOwn(refusals.numberKinds, kind ?? ""))
      return refusals.numberKinds[/** @type {keyof Refusals["numberKinds"]} */ (kind)];
    if (country) return explainCountry(language, refusals, details);
    if (scope === "service") return refusals.paused;
    const hasLimit = Object.hasOwn(LIMITS, limit ?? "") && details.value !== undefined;
    if (code === "time_limit_reached") {
      if (!minutes) return undefined;
      const values = {
        minutes: formatMinutes(language, minutes),
        ...(hasLimit && limitValues(language, refusals, details)),
      };
      return fill(refusals.timeLimitAdvice[hasLimit ? "limited" : "plain"], values);
    }
    if (!hasLimit) return undefined;
    const { value, until, who } = details;
    const key = value === 0 ? "none" : until || who === "support" ? "other" : "raisable";
    return fill(refusals.limitAdvice[key], limitValues(language, refusals, details));
  };
}

/**
 * @param {string} language
 * @param {Refusals} refusals
 * @param {Problem["details"]} details
 */
function explainCountry(language, { country: templates }, details) {
  const { country, home, until, listed, scope } = details;
  const isOfToken = scope === "token";
  const values = {
    country: countryName(language, country),
    home: countryName(language, home),
    until: dayOf(language, details),
  };
  if (!until) return fill(templates[isOfToken ? "token" : "organization"], values);
  return fill(templates[listed ? "listed" : isOfToken ? "unlistedForToken" : "unlisted"], values);
}

/**
 * @param {string} language
 * @param {Refusals} refusals
 * @param {Problem["details"]} details
 */
function limitValues(language, { limitSentences, waitTimes, amounts, raiseAdvice }, details) {
  const { limit, value, until, who, scope } = details;
  const isMoney = limit.includes("cents");
  const count = isMoney ? value / 100 : value;
  const number = formatNumber(language, count, isMoney ? { style: "currency", currency: "USD" } : {});
  const raiser = until
    ? who === "admin"
      ? "newAdmin"
      : "newSupport"
    : who === "support"
      ? who
      : scope === "token"
        ? scope
        : "admin";
  return {
    reached: limitSentences[LIMITS[limit][0]],
    wait: waitTimes[LIMITS[limit][1]],
    amount: fill(pluralOf(language, amounts[limit], count), { value: number }),
    raise: fill(raiseAdvice[/** @type {keyof Refusals["raiseAdvice"]} */ (raiser)], {
      until: dayOf(language, details),
    }),
  };
}

/**
 * @param {string} language
 * @param {Plural} forms
 * @param {number} count
 */
function pluralOf(language, forms, count) {
  const category = Intl.PluralRules ? new Intl.PluralRules(language).select(count) : "other";
  return forms[category] ?? forms.other;
}

/**
 * @param {string} language
 * @param {string | undefined} region ISO 3166.
 */
function countryName(language, region) {
  if (!region) return "";
  return Intl.DisplayNames ? (new Intl.DisplayNames([language], { type: "region" }).of(region) ?? region) : region;
}

/**
 * The day on which the rule for new organizations ends, in the time zone of the organization.
 * @param {string} language
 * @param {Problem["details"]} details
 */
function dayOf(language, { until, until_day: day = until }) {
  if (!day) return "";
  /** @type {Intl.DateTimeFormatOptions} */
  const options = { day: "numeric", month: "long", timeZone: "UTC", numberingSystem: "latn" };
  return new Intl.DateTimeFormat(language, options).format(new Date(day));
}

/**
 * `value` in the language, but with the digits of the keypad.
 * @param {string} language
 * @param {number} value
 * @param {Intl.NumberFormatOptions} options
 */
const formatNumber = (language, value, options) =>
  new Intl.NumberFormat(language, { ...options, numberingSystem: "latn" }).format(value);

/**
 * @param {string} language
 * @param {number} minutes
 */
const formatMinutes = (language, minutes) =>
  formatNumber(language, minutes, { style: "unit", unit: "minute", unitDisplay: "long" });
