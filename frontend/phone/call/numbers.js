/** Parses typed phone numbers to E.164 with the rules of the organization's country, and formats E.164 for reading. */

/** @import { CountryFields } from "../types.d.ts" */
const E164 = /^\+[1-9]\d{6,14}$/;
const MAX_TYPED_LENGTH = 32;
const MAX_SHORT_CODE_LENGTH = 6;

// The emergency numbers of all countries: a caller may be anywhere, and a call to one of them may not get through.
// The same set as the server's; a test of the server compares the two.
const EMERGENCY =
  /^(0(0[0-3]|1[19]?|22?|33?|50|6[0568]|8[058])|1(0([02-8]|1(11|77)?)|1([013-9]|22?)|2([0358]|20?|4(422)?|7(799)?|98?)|3([0-3]\d?|[4-9]\d)?|4(0|44?)?|5\d?|6(0|69?)?|7([0-257]|30)?|8[08]?|9[0-57-9]?)|2(0(1(606|917)|2(099|914))|11|611)|3(11|20221|33|55)|5(11|55)|666|723141|8(19|88)|9(0(000|[1-3])?|1[1-379]?|22?|3[39]?|4|55|77|9([0-8]|99?)))$/;

/**
 * The number in E.164, or the code of the error.
 * @param {unknown} typed
 * @param {CountryFields | null | undefined} country
 * @returns {{number: string, code?: undefined} | {number?: undefined, code: string}}
 */
export function parseNumber(typed, country) {
  let text = String(typed ?? "").trim();
  if (/^tel:/i.test(text)) text = withoutTelScheme(text);
  if (text.length > MAX_TYPED_LENGTH) return { code: "invalid_number" };
  const isInternational = text.startsWith("+");
  // "+44 (0)20 …" shows the trunk prefix to readers; it is not dialled after a country code.
  if (isInternational) text = text.slice(1).replace(/\(0\)/, "");
  if (!/^[\d\s().\-/\u2010-\u2015]+$/.test(text)) return { code: "invalid_number" };
  const digits = text.replace(/\D/g, "");
  if (EMERGENCY.test(digits)) return { code: "emergency_number" };
  if (digits.length <= MAX_SHORT_CODE_LENGTH) return { code: "invalid_number" };
  const number = isInternational ? `+${digits}` : fromNational(digits, country);
  return number && E164.test(number) ? { number } : { code: "invalid_number" };
}

/**
 * `number` (E.164) in international format where that is short to say; lazy/number-formats.js knows all countries.
 * @param {string | null | undefined} number
 */
export const formatE164 = (number) => (number ?? "").replace(/^\+1(\d{3})(\d{3})(\d{4})$/, "+1 $1-$2-$3");

/** @param {string} text A `tel:` address. */
function withoutTelScheme(text) {
  const number = text.slice(4).replace(/;(?!ext).*$/i, "");
  try {
    return decodeURIComponent(number).trim();
  } catch {
    return number;
  }
}

/**
 * @param {string} digits
 * @param {CountryFields | null | undefined} country
 */
function fromNational(digits, country) {
  const { calling_code: code, trunk_prefix: trunk, international_prefix: international } = country ?? {};
  for (const prefix of [international, "00"]) {
    if (prefix && digits.startsWith(prefix)) return `+${digits.slice(prefix.length)}`;
  }
  if (!code) return null;
  if (code === "1") {
    const national = digits.replace(/^1(?=\d{10}$)/, "");
    return national.length === 10 ? `+1${national}` : null;
  }
  if (trunk && digits.startsWith(trunk)) {
    // A trunk prefix other than 0 can also begin an area code: the length decides which it is.
    const isDialled = trunk.startsWith("0") || digits.length > 10;
    return `+${code}${isDialled ? digits.slice(trunk.length) : digits}`;
  }
  // A long number without the trunk prefix: the country code was typed without its plus.
  if (trunk && digits.startsWith(code) && digits.length > 10) return `+${digits}`;
  return `+${code}${digits}`;
}
