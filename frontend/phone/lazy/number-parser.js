/**
 * The chunk that parses dialled numbers as the server does: both follow the rules and the metadata of libphonenumber.
 * The rules are those of `phonenumbers.parse` and of `parse_dialled` in src/kit/e164.py; a test compares the results.
 */
import metadata from "libphonenumber-js/metadata.min.json";

/** @import { CountryFields, ParsedNumber } from "../types.d.ts" */
/** @typedef {any[]} Plan The fields of one country in the metadata. */
/** @typedef {{code: string, plan: Plan, digits: string}} NationalNumber `digits` without the calling code. */

// The places of the fields.
const CODE = 0;
const EXIT_CODE = 1;
const PATTERN = 2;
const LENGTHS = 3;
const PREFIX = 5;
const PREFIX_FOR_PARSING = 7;
const TRANSFORM = 8;
const LEADING_DIGITS = 10;
const TYPES = 11;

/** @type {Map<string, RegExp>} */
const patterns = new Map();

const MAX_CODE_LENGTH = 3;
const E164 = /^\+[1-9]\d{6,14}$/;
// Read in every country: people write numbers as they are dialled from elsewhere.
const ITU_EXIT_CODE = "00";
const AMERICAN_EXIT_CODE = "011";
const { country_calling_codes: countriesByCode, countries, nonGeographic } = /** @type {any} */ (metadata);

/**
 * The number that `dialled`, digits with or without a plus, is in `country`; null if it is none.
 * @param {string} dialled
 * @param {CountryFields | null | undefined} country
 * @returns {ParsedNumber | null}
 */
export function parseDialled(dialled, country) {
  /** @type {Plan | undefined} */
  const home = countries[country?.country ?? ""];
  const texts = [dialled];
  // No area code begins with 00, but in some countries one begins with 11.
  if (dialled.startsWith(ITU_EXIT_CODE)) texts.unshift(`+${dialled.slice(ITU_EXIT_CODE.length)}`);
  if (dialled.startsWith(AMERICAN_EXIT_CODE)) texts.push(`+${dialled.slice(AMERICAN_EXIT_CODE.length)}`);
  const readings = texts
    .map((text) => parse(text, home))
    .filter((reading) => reading !== null)
    .filter((reading) => E164.test(e164(reading)));
  const best = readings.find(isValid) ?? readings.find(isPossible) ?? readings[0];
  if (!best) return null;
  const name = countryOf(best);
  const isAssigned = isValid(best) && (name !== null || Object.hasOwn(nonGeographic, best.code));
  return { number: e164(best), country: name, isPossible: isPossible(best), isValid: isValid(best), isAssigned };
}

/**
 * @param {string} text
 * @param {Plan | undefined} home
 * @returns {NationalNumber | null}
 */
function parse(text, home) {
  const abroad = text.startsWith("+") ? text.slice(1) : home && withoutExitCode(text, home);
  if (abroad) {
    const split = splitCode(abroad);
    return split && withoutZero(withoutPrefix(split));
  }
  if (!home) return null;
  const code = home[CODE];
  if (text.startsWith(code)) {
    const rest = stripPrefix(text.slice(code.length), home);
    if ((!matches(text, home) && matches(rest, home)) || text.length > home[LENGTHS].at(-1)) {
      return withoutPrefix({ code, plan: mainPlanOf(code) ?? home, digits: rest });
    }
  }
  return withoutPrefix({ code, plan: home, digits: text });
}

/**
 * The digits after the exit code of `plan`; undefined if `digits` do not begin with it.
 * @param {string} digits
 * @param {Plan} plan
 */
function withoutExitCode(digits, plan) {
  const found = plan[EXIT_CODE] && startOf(plan[EXIT_CODE]).exec(digits);
  const rest = found && digits.slice(found[0].length);
  // No calling code begins with 0.
  return rest && !rest.startsWith("0") ? rest : undefined;
}

/**
 * @param {string} digits With the calling code.
 * @returns {NationalNumber | null}
 */
function splitCode(digits) {
  for (let length = 1; length <= MAX_CODE_LENGTH; length += 1) {
    const code = digits.slice(0, length);
    const plan = mainPlanOf(code);
    if (plan) return { code, plan, digits: digits.slice(length) };
  }
  return null;
}

/**
 * The plan of the first of the countries that share `code`.
 * @param {string} code
 * @returns {Plan | undefined}
 */
function mainPlanOf(code) {
  const [main] = (Object.hasOwn(countriesByCode, code) && countriesByCode[code]) || [];
  return countries[main] ?? nonGeographic[code];
}

/**
 * Without the national prefix, if what is left has a possible length.
 * @param {NationalNumber} number
 */
function withoutPrefix({ code, plan, digits }) {
  const rest = stripPrefix(digits, plan);
  const lengths = plan[LENGTHS];
  const isLongEnough = lengths.includes(rest.length) || rest.length > lengths.at(-1);
  return { code, plan, digits: isLongEnough ? rest : digits };
}

/**
 * Without the national prefix or a carrier's code, or with the area code that the plan adds.
 * @param {string} digits
 * @param {Plan} plan
 */
function stripPrefix(digits, plan) {
  const prefix = plan[PREFIX_FOR_PARSING] || plan[PREFIX];
  const pattern = prefix && startOf(prefix);
  const found = pattern && pattern.exec(digits);
  if (!found) return digits;
  const isTransformed = plan[TRANSFORM] && found.at(-1) !== undefined && found.length > 1;
  const rest = isTransformed ? digits.replace(pattern, plan[TRANSFORM]) : digits.slice(found[0].length);
  return matches(digits, plan) && !matches(rest, plan) ? digits : rest;
}

/**
 * Without a 0 behind the calling code, where numbers of the country do not begin with it: "+34 (0)912 34 56 78".
 * @param {NationalNumber} number
 */
function withoutZero(number) {
  const rest = { ...number, digits: number.digits.slice(1) };
  return number.digits.startsWith("0") && !isValid(number) && isValid(rest) ? rest : number;
}

/**
 * Compiled once: a page can have thousands of numbers.
 * @param {string} source
 */
function patternOf(source) {
  const pattern = patterns.get(source) ?? new RegExp(source);
  patterns.set(source, pattern);
  return pattern;
}

/** @param {string} source */
const startOf = (source) => patternOf(`^(?:${source})`);

/**
 * @param {string} digits
 * @param {string} source
 */
const isWhole = (digits, source) => patternOf(`^(?:${source})$`).test(digits);

/**
 * @param {string} digits
 * @param {Plan} plan
 */
const matches = (digits, plan) => isWhole(digits, plan[PATTERN]);

/** @param {NationalNumber} number */
const e164 = ({ code, digits }) => `+${code}${digits}`;

// By the plan of the code's main country, as libphonenumber does.
/** @param {NationalNumber} number */
const isValid = ({ code, digits, plan }) => matches(digits, mainPlanOf(code) ?? plan);

/** @param {NationalNumber} number */
const isPossible = ({ code, digits, plan }) => (mainPlanOf(code) ?? plan)[LENGTHS].includes(digits.length);

/**
 * The country of a number; null where its digits do not tell.
 * @param {NationalNumber} number
 * @returns {string | null}
 */
function countryOf({ code, digits }) {
  const sharing = Object.hasOwn(countriesByCode, code) ? countriesByCode[code] : [];
  if (sharing.length === 1) return countries[sharing[0]] ? sharing[0] : null;
  return sharing.find((/** @type {string} */ name) => isOf(digits, countries[name])) ?? null;
}

/**
 * True if `digits` are a number of `plan`, one of several that share a calling code.
 * @param {string} digits
 * @param {Plan} plan
 */
function isOf(digits, plan) {
  if (plan[LEADING_DIGITS]) return startOf(plan[LEADING_DIGITS]).test(digits);
  const types = (plan[TYPES] || []).filter(Boolean).map((/** @type {any[]} */ [pattern]) => pattern);
  return matches(digits, plan) && types.some((/** @type {string} */ type) => isWhole(digits, type));
}
