/**
 * Parses one dialled number to E.164, formats E.164 for reading, and recognizes emergency numbers, with the few rules
 * that phone.js has room for. lazy/phone-numbers.js has the rules of all countries and replaces the parser and the
 * formatter once it is loaded.
 */

/** @import { CountryFields, ParsedNumber } from "../types.d.ts" */
const E164 = /^\+[1-9]\d{6,14}$/;
const MAX_SHORT_CODE_LENGTH = 6;
const AMERICAN_LENGTH = "+12125550100".length;

// The emergency numbers of all countries, because the agent can be in any country and an emergency call through the
// carrier may not get through. The server has the same set; one of its tests compares the two.
const EMERGENCY =
  /^(0(0[0-3]|1[19]?|22?|33?|50|6[0568]|8[058])|1(0([02-8]|1(11|77)?)|1([013-9]|22?)|2([0358]|20?|4(422)?|7(799)?|98?)|3([0-3]\d?|[4-9]\d)?|4(0|44?)?|5\d?|6(0|69?)?|7([0-257]|30)?|8[08]?|9[0-57-9]?)|2(0(1(606|917)|2(099|914))|11|611)|3(11|20221|33|55)|5(11|55)|666|723141|8(19|88)|9(0(000|[1-3])?|1[1-379]?|22?|3[39]?|4|55|77|9([0-8]|99?)))$/;
// Calling codes whose national numbers can begin with 0. For others a 0 there is a trunk prefix and is not part of
// E.164.
const KEEPS_ZERO = /^(?:39|2(?:2[579]|4[12]|6[78])|378|501|67[69]|687|853)0/;
const CODE_AND_ZERO =
  /^([17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|(?:2[1-689]|3[578]|42|5[09]|6[7-9]|8[0578]|9[679])\d)0/;

/** @param {string} digits */
export const isEmergency = (digits) => EMERGENCY.test(digits);

/** @param {string | null | undefined} number */
export const isE164 = (number) => E164.test(number ?? "");

/**
 * True for as few digits as a short code has: no complete number does.
 * @param {string} digits
 */
export const isTooShort = (digits) => digits.length <= MAX_SHORT_CODE_LENGTH;

/**
 * `number` (E.164) in international format for North American numbers; others unchanged. lazy/phone-numbers.js formats
 * all.
 * @param {string | null | undefined} number
 */
export const formatE164 = (number) => (number ?? "").replace(/^\+1(\d{3})(\d{3})(\d{4})$/, "+1 $1-$2-$3");

/**
 * The number that `dialled`, digits with or without a plus, means in `country`; null if it is not a number.
 * @param {string} dialled
 * @param {CountryFields | null | undefined} country
 * @returns {ParsedNumber | null}
 */
export function parseDialled(dialled, country) {
  const number = dialled.startsWith("+") ? international(dialled.slice(1)) : fromNational(dialled, country);
  if (!number || !isE164(number)) return null;
  const { calling_code: code } = country ?? {};
  // Several countries share the codes 1 and 7.
  const isOfCountry = code && code !== "1" && code !== "7" && number.startsWith(`+${code}`);
  const isPossible = !number.startsWith("+1") || number.length === AMERICAN_LENGTH;
  return {
    number,
    country: isOfCountry ? (country?.country ?? null) : null,
    isPossible,
    isValid: isPossible,
    isAssigned: isPossible,
  };
}

/** @param {string} digits With the calling code. */
const international = (digits) => `+${KEEPS_ZERO.test(digits) ? digits : digits.replace(CODE_AND_ZERO, "$1")}`;

/**
 * @param {string} digits
 * @param {CountryFields | null | undefined} country
 */
function fromNational(digits, country) {
  const { calling_code: code, trunk_prefix: trunk, international_prefix: exitCode } = country ?? {};
  // 011 only where it is the exit code: national numbers of Leeds, Buenos Aires, Johannesburg and São Paulo begin with
  // it.
  for (const prefix of [exitCode, "00"]) {
    if (prefix && digits.startsWith(prefix)) return international(digits.slice(prefix.length));
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
