/** Translates numbers that are written with the letters of the keys: 1-800-FLOWERS. */
import { afterNumber } from "./after-number.js";

// The digits before the letters are an area code of North America, with or without the three digits behind it, or the code
// of free calls elsewhere: a house number and a street are no phone number.
const VANITY = /^([+(]*(?:\d[ ().-]*){3,})([A-Z]{2}[A-Z\d]*(?:[.-][A-Z\d]+)*)(?![A-Z])/i;
const AREA_CODE = /^(?:\+?1)?(?:[2-9]\d\d){1,2}$/;
const FREE_CALL_CODE = /^(?:0[3578]\d\d|1[38]00|\+\d{1,3}[378]00)\d*$/;
const KEYS = "22233344455566677778889999";

/**
 * The number with digits for letters, and what follows it; null if `text` is no such number.
 * @param {string} text Cleaned.
 */
export function vanityNumber(text) {
  const [whole, before, letters] = VANITY.exec(text) ?? [];
  if (!whole || !/[A-Z].*[A-Z].*[A-Z]/i.test(letters)) return null;
  const code = before.replace(/[^\d+]/g, "");
  const isAmerican = AREA_CODE.test(code);
  if (!isAmerican && !FREE_CALL_CODE.test(code)) return null;
  const after = afterNumber(text.slice(whole.length));
  if (whole.length + after.length < text.length) return null;
  return { dialled: code + toDigits(letters), isAmerican, after };
}

/** @param {string} letters */
const toDigits = (letters) =>
  letters.replace(/[.-]/g, "").replace(/[A-Z]/gi, (letter) => KEYS[letter.toUpperCase().charCodeAt(0) - 65]);
