/** The chunk that formats complete numbers as the server does: both use the metadata of libphonenumber. */
import metadata from "libphonenumber-js/metadata.min.json";

/**
 * An entry of the metadata's list of formats.
 * @typedef {[pattern: string, format: string, leadingDigits?: string[] | 0, nationalPrefixRule?: string | 0,
 *   isNationalPrefixOptional?: number, internationalFormat?: string]} NumberFormat
 */

// The place of the formats in the metadata of a country.
const FORMATS = 4;
const MAX_CODE_LENGTH = 3;
const { country_calling_codes: countriesByCode, countries, nonGeographic } = /** @type {any} */ (metadata);

/**
 * `number` (E.164) in international format: "+442079460018" gives "+44 20 7946 0018". Any other text is returned unchanged.
 * @param {string} number
 */
export function formatInternational(number) {
  if (!/^\+[1-9]\d{6,14}$/.test(number)) return number;
  for (let length = 1; length <= MAX_CODE_LENGTH; length += 1) {
    const code = number.slice(1, 1 + length);
    const formats = formatsOf(code);
    if (formats) return `+${code} ${formatRest(number.slice(1 + length), formats)}`;
  }
  return number;
}

/**
 * The formats of the calling code; undefined if there is no such code.
 * @param {string} code
 * @returns {NumberFormat[] | undefined}
 */
function formatsOf(code) {
  // Countries that share a code use the formats of its main country, the first one.
  const main = Object.hasOwn(countriesByCode, code) ? countriesByCode[code][0] : null;
  const fields = countries[main] ?? nonGeographic[code];
  return fields && (fields[FORMATS] || []);
}

/**
 * @param {string} digits Without the calling code.
 * @param {NumberFormat[]} formats
 */
function formatRest(digits, formats) {
  for (const [pattern, national, leadingDigits, , , international] of formats) {
    // The last of the patterns is the most detailed one.
    const leading = leadingDigits ? leadingDigits.at(-1) : "";
    const whole = new RegExp(`^(?:${pattern})$`);
    if (new RegExp(`^(?:${leading})`).test(digits) && whole.test(digits)) {
      return digits.replace(whole, international || national);
    }
  }
  return digits;
}
