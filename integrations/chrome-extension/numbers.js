/** Finds phone numbers in text, for content.js; skips dates, IP addresses and long ids. */
const CANDIDATE =
  /(?<![\w.,:;@/#+-])(\+?\(?\d[\d\s().\u00a0\u2011-]{5,22}\d)(,?\s?(?:x|ext\.?|extension)\s?\d{1,7})?(?![\w@/:-]|[.,]\d)/gi;
const NOT_A_NUMBER = [
  /^\d{4}[-.]\d{1,2}[-.]\d{1,2}/,
  /^\d{1,2}[-.]\d{1,2}[-.]\d{2,4}$/,
  /^\d{1,3}(\.\d{1,3}){3}$/,
  /\s{2,}|[.-]{2,}/,
  // An id with a suffix: no group of a phone number is that long, and no last group that short.
  /^\d{7,}\D|\D\d$/,
];
const MIN_DIGITS = 7;
const MAX_DIGITS = 15;
const NATIONAL_DIGITS = 10;

/**
 * The numbers in `text` with their positions; content.js calls it.
 * @param {string} text
 */
function findNumbers(text) {
  const found = [];
  for (const match of text.matchAll(CANDIDATE)) {
    const number = match[1].trim();
    const extension = match[2] ?? "";
    const digits = number.replace(/\D/g, "");
    const isGrouped = /\D/.test(number);
    if (digits.length < MIN_DIGITS || digits.length > MAX_DIGITS) continue;
    // Without groups or a plus, only texts as long as a national number are numbers: the others are ids.
    if (!isGrouped && digits.length !== NATIONAL_DIGITS) continue;
    if (NOT_A_NUMBER.some((pattern) => pattern.test(number))) continue;
    found.push({ start: match.index, end: match.index + match[0].length, number: number + extension });
  }
  return found;
}
