/**
 * The chunk that parses and formats numbers of all countries with libphonenumber-js. The server uses libphonenumber's
 * Python edition, in src/kit/number_reading.py; tests compare the two.
 */
import { Metadata, parsePhoneNumberWithError } from "libphonenumber-js/core";
import metadata from "libphonenumber-js/metadata.min.json";

/** @import { CountryCode, PhoneNumber } from "libphonenumber-js/core" */
/** @import { CountryFields, ParsedNumber } from "../types.d.ts" */

const E164 = /^\+[1-9]\d{6,14}$/;
// Accepted in every country, because people write numbers as they are dialled in other countries.
const ITU_EXIT_CODE = "00";
const AMERICAN_EXIT_CODE = "011";

/**
 * The numbers of a calling code, without the code.
 * @typedef {object} NumberingPlan
 * @property {RegExp} pattern
 * @property {number[]} lengths
 * @property {{leadingDigits: RegExp, pattern: RegExp, replacement: string}[]} formats
 */
/** @type {Map<string, NumberingPlan>} */
const plans = new Map();

/**
 * The number that `dialled`, digits with or without a plus, means in `country`; null if it is not a number.
 * @param {string} dialled
 * @param {CountryFields | null | undefined} country
 * @returns {ParsedNumber | null}
 */
export function parseDialled(dialled, country) {
  const texts = [dialled];
  // No area code begins with 00, but in some countries one begins with 11.
  if (dialled.startsWith(ITU_EXIT_CODE)) texts.unshift(`+${dialled.slice(ITU_EXIT_CODE.length)}`);
  if (dialled.startsWith(AMERICAN_EXIT_CODE)) texts.push(`+${dialled.slice(AMERICAN_EXIT_CODE.length)}`);
  const readings = texts
    .map((text) => {
      const number = parse(text, country?.country);
      return number && isInternational(text, country) ? withoutZero(number) : number;
    })
    .filter((number) => number !== null)
    .filter(({ number }) => E164.test(number));
  const best = readings.find(hasPattern) ?? readings.find(hasLength) ?? readings[0];
  if (!best) return null;
  // The server parses the number with its plus and then drops such a 0, as in "(0-22) 123-45-67" in Poland.
  const number = hasLength(best) ? withoutZero(best) : best;
  // Parsed again without a country: for a calling code that several countries share, the library first returns the
  // given one.
  const { country: numberCountry = null } = parse(number.number) ?? {};
  return {
    ...{ number: number.number, country: numberCountry, isPossible: hasLength(number) },
    ...{ isValid: hasPattern(number), isAssigned: number.isValid() },
  };
}

/**
 * @param {string} text
 * @param {CountryFields | null | undefined} country
 */
const isInternational = (text, country) =>
  text.startsWith("+") || Boolean(country?.international_prefix && text.startsWith(country.international_prefix));

/**
 * `number` (E.164) in international format: "+442079460018" gives "+44 20 7946 0018". Any other text is returned unchanged.
 * @param {string} number
 */
export function formatInternational(number) {
  const parsed = E164.test(number) && parse(number);
  if (!parsed) return number;
  // Not `parsed.formatInternational()`: it writes spaces where the server's library writes hyphens.
  const { countryCallingCode: code } = parsed;
  const digits = number.slice(1 + code.length);
  const { formats } = planOf(code);
  const format = formats.find(({ leadingDigits, pattern }) => leadingDigits.test(digits) && pattern.test(digits));
  return `+${code} ${format ? digits.replace(format.pattern, format.replacement) : digits}`;
}

/**
 * @param {string} text
 * @param {string | null} [country] ISO 3166 alpha-2.
 * @returns {PhoneNumber | null}
 */
function parse(text, country) {
  const defaultCountry = country && Object.hasOwn(metadata.countries, country) ? country : undefined;
  const options = { defaultCountry: /** @type {CountryCode | undefined} */ (defaultCountry), extract: false };
  try {
    return parsePhoneNumberWithError(text, options, metadata);
  } catch {
    return null;
  }
}

/**
 * `number` without a 0 behind the calling code, if the country's numbers do not begin with 0: "+34 (0)912 34 56 78".
 * @param {PhoneNumber} number
 */
function withoutZero(number) {
  const { countryCallingCode: code, nationalNumber } = number;
  if (!nationalNumber.startsWith("0") || hasPattern(number)) return number;
  const shorter = parse(`+${code}${nationalNumber.slice(1)}`);
  return shorter && hasPattern(shorter) ? shorter : number;
}

// By the plan of the code's main country, as the server's library does; `isPossible()` takes the number's own country.
/** @param {PhoneNumber} number */
const hasLength = ({ countryCallingCode, nationalNumber }) =>
  planOf(countryCallingCode).lengths.includes(nationalNumber.length);

/** @param {PhoneNumber} number */
const hasPattern = ({ countryCallingCode, nationalNumber }) => planOf(countryCallingCode).pattern.test(nationalNumber);

/**
 * The numbering plan of a calling code; made once, because a page can have thousands of numbers.
 * @param {string} code
 */
function planOf(code) {
  const known = plans.get(code);
  if (known) return known;
  // The library's types name few of these methods.
  const library = /** @type {any} */ (new Metadata(metadata));
  library.selectNumberingPlan(code);
  const { numberingPlan } = library;
  /** @type {NumberingPlan} */
  const plan = {
    pattern: anchored(numberingPlan.nationalNumberPattern()),
    lengths: numberingPlan.possibleLengths(),
    formats: numberingPlan.formats().map((/** @type {any} */ format) => ({
      // The last of the patterns is the most detailed one.
      leadingDigits: new RegExp(`^(?:${format.leadingDigitsPatterns().at(-1) ?? ""})`),
      pattern: anchored(format.pattern()),
      replacement: format.internationalFormat(),
    })),
  };
  plans.set(code, plan);
  return plan;
}

/** @param {string} pattern */
const anchored = (pattern) => new RegExp(`^(?:${pattern})$`);
