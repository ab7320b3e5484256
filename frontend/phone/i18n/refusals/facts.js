/** Turns the server's facts about a refused or ended call into the values that a language's sentences need. */

/** @import { Problem } from "../../errors.js" */

/**
 * @typedef {object} Facts
 * @property {string} country The destination's name.
 * @property {string} home The name of a new organization's country.
 * @property {string} until The day on which the rule for new organizations ends.
 * @property {string} value The limit's value, with its currency.
 * @property {boolean} isNew True if the rule for new organizations was the reason.
 * @property {boolean} isListed True if the country may be called once that rule ends.
 * @property {boolean} isOfToken True if the token's own rule or limit was the reason.
 * @property {boolean} isSupports True if only support can change it.
 * @property {string | undefined} kind Of a number that cannot be called.
 * @property {string | undefined} limit The limit's name.
 * @property {string | undefined} domain The page's.
 */

/**
 * @param {Problem} problem
 * @param {string} language
 * @returns {Facts}
 */
export function factsOf({ details }, language) {
  const { country, home, until, listed, limit, value, scope, who, kind, domain } = details;
  /** @param {string | undefined} region */
  const nameOf = (region) =>
    region ? (new Intl.DisplayNames([language], { type: "region" }).of(region) ?? region) : "";
  /** @type {Intl.NumberFormatOptions} */
  const format = limit?.includes("cents") ? { style: "currency", currency: "USD" } : {};
  const amount = limit?.includes("cents") ? value / 100 : value;
  return {
    country: nameOf(country),
    home: nameOf(home),
    until: until
      ? new Intl.DateTimeFormat(language, { day: "numeric", month: "long", timeZone: "UTC" }).format(new Date(until))
      : "",
    value:
      value === undefined ? "" : new Intl.NumberFormat(language, { ...format, numberingSystem: "latn" }).format(amount),
    isNew: Boolean(until),
    isListed: Boolean(listed),
    isOfToken: scope === "token",
    isSupports: who === "support",
    kind,
    limit,
    domain,
  };
}
