/** Translates vanity numbers, which have letters of the keypad (1-800-FLOWERS), to digits. */
import { readSuffix } from "./number-suffix.js";

// Before the letters stands a North American area code, perhaps with the three digits behind it, or a code of free
// calls in another country. Other digits may be a house number before the name of a street.
const VANITY = /^([+(]*(?:\d[ ().-]*){3,})([A-Z]{2}[A-Z\d]*(?:[.-][A-Z\d]+)*)(?![A-Z])/i;
const AREA_CODE = /^(?:\+?1)?(?:[2-9]\d\d){1,2}$/;
const FREE_CALL_CODE = /^(?:0[3578]\d\d|1[38]00|\+\d{1,3}[378]00)\d*$/;
const KEYS = "22233344455566677778889999";

/**
 * The number with digits for letters, and its suffix; null if `text` is not a vanity number.
 * @param {string} text Cleaned.
 */
export function vanityNumber(text) {
  const [whole, before, letters] = VANITY.exec(text) ?? [];
  if (!whole || !/[A-Z].*[A-Z].*[A-Z]/i.test(letters)) return null;
  const code = before.replace(/[^\d+]/g, "");
  const isAmerican = AREA_CODE.test(code);
  if (!isAmerican && !FREE_CALL_CODE.test(code)) return null;
  const suffix = readSuffix(text.slice(whole.length));
  if (whole.length + suffix.length < text.length) return null;
  return { dialled: code + toDigits(letters), isAmerican, suffix };
}

/** @param {string} letters */
const toDigits = (letters) =>
  letters.replace(/[.-]/g, "").replace(/[A-Z]/gi, (letter) => KEYS[letter.toUpperCase().charCodeAt(0) - 65]);
