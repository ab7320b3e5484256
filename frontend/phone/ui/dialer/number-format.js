/** Formats typed numbers in groups of digits, without changing a digit, and finds the country that a typed number calls. */
import { numberingPlanOf } from "./numbering-plans.js";

/** @import { CountryFields } from "../../types.d.ts" */
/** @import { NumberGroups } from "./numbering-plans.js" */

// A text with other characters, such as letters, is not formatted.
const PLAIN_NUMBER = /^\+?[\d\s().\-/\u2010-\u2015]*$/;
// A calling code and at least two groups.
const GROUPED_NUMBER = /^\+\d+ \S+[ -]/;

/** @typedef {(number: string) => string} FormatNumber Formats E.164 as lazy/phone-numbers.js does. */

/**
 * `text` in groups of digits; also for a number that is not complete yet.
 * @param {string} text
 * @param {CountryFields} country
 * @param {FormatNumber} [formatNumber] Formats a complete number, or returns it without groups.
 */
export function formatTyped(text, country, formatNumber) {
  if (!PLAIN_NUMBER.test(text) || text.includes("(0)")) return text;
  const digits = text.replace(/\D/g, "");
  if (text.startsWith("+")) return formatInternational(digits, formatNumber);
  const prefix = internationalPrefixOf(digits, country);
  if (prefix) return `${prefix} ${formatInternational(digits.slice(prefix.length), formatNumber).slice(1)}`.trim();
  return formatNational(digits, country);
}

/**
 * The country that `text` calls; `region` is null where several countries share the code.
 * @param {string} text
 * @param {CountryFields} country
 * @returns {{code: string, region: string | null} | null}
 */
export function countryOf(text, country) {
  const digits = text.replace(/\D/g, "");
  const prefix = internationalPrefixOf(digits, country);
  if (!text.trim().startsWith("+") && !prefix) return { code: country.calling_code, region: country.country };
  const plan = numberingPlanOf(prefix ? digits.slice(prefix.length) : digits);
  return plan && { code: plan.code, region: plan.region };
}

/**
 * @param {string} digits
 * @param {CountryFields} country
 */
function internationalPrefixOf(digits, { international_prefix: nationalPrefix }) {
  return [nationalPrefix, "00"].find((prefix) => prefix && digits.startsWith(prefix));
}

/**
 * @param {string} digits With the country code.
 * @param {FormatNumber} [formatNumber]
 */
function formatInternational(digits, formatNumber) {
  const plan = numberingPlanOf(digits);
  if (!plan) return `+${digits}`;
  const rest = digits.slice(plan.code.length);
  if (plan.code === "1") return `+1 ${groupNanp(rest).join("-")}`.trim();
  const formatted = formatNumber?.(`+${digits}`) ?? "";
  if (GROUPED_NUMBER.test(formatted)) return formatted;
  return `+${plan.code} ${groupDigits(rest, plan)}`.trim();
}

/**
 * @param {string} digits
 * @param {CountryFields} country
 */
function formatNational(digits, { calling_code: code, trunk_prefix: trunk }) {
  const plan = code ? numberingPlanOf(code) : null;
  if (!plan || digits.length < 4) return digits;
  if (code === "1") {
    const hasOne = digits.startsWith("1");
    return `${hasOne ? "1 " : ""}${formatNanp(hasOne ? digits.slice(1) : digits)}`.trim();
  }
  const hasTrunk = trunk === "0" && digits.startsWith(trunk);
  return (hasTrunk ? trunk : "") + groupDigits(hasTrunk ? digits.slice(1) : digits, plan);
}

/** @param {string} digits Of the North American Numbering Plan, without the country code. */
function formatNanp(digits) {
  const [area, ...rest] = groupNanp(digits);
  return rest.length > 0 ? `(${area}) ${rest.join("-")}` : digits;
}

/** @param {string} digits Of the North American Numbering Plan, without the country code. */
function groupNanp(digits) {
  if (digits.length < 4 || digits.length > 10) return [digits];
  return [digits.slice(0, 3), digits.slice(3, 6), digits.slice(6)].filter(Boolean);
}

/**
 * @param {string} digits
 * @param {NumberGroups} plan
 */
function groupDigits(digits, { groups, special }) {
  const sizes = special && digits.startsWith(special.prefix) ? special.groups : groups;
  const parts = [];
  let start = 0;
  for (const [index, size] of sizes.entries()) {
    const end = index === sizes.length - 1 ? digits.length : start + size;
    parts.push(digits.slice(start, end));
    start += size;
  }
  return parts.filter(Boolean).join(" ");
}
