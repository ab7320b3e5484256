/** Finds phone numbers in text; dates, addresses of machines and long ids are none. Shared with content.js. */
const CANDIDATE = /(?<![\w.,:;@/#+-])\+?\(?\d[\d\s().\u00a0\u2011-]{5,22}\d(?![\w@/:-]|[.,]\d)/g;
const NOT_A_NUMBER = [
  /^\d{4}[-.]\d{1,2}[-.]\d{1,2}/,
  /^\d{1,2}[-.]\d{1,2}[-.]\d{2,4}$/,
  /^\d{1,3}(\.\d{1,3}){3}$/,
  /\s{2,}|[.-]{2,}/,
  // An id with a part behind it: no group of a number is that long, nor the last one that short.
  /^\d{7,}\D|\D\d$/,
];
const FEWEST_DIGITS = 7;
const MOST_DIGITS = 15;
const PLAIN_DIGITS = 10;

/** `[{start, end, number}]` for the numbers in `text`; content.js calls it. */
function findNumbers(text) {
  const found = [];
  for (const match of text.matchAll(CANDIDATE)) {
    const number = match[0].trim();
    const digits = number.replace(/\D/g, "");
    const isGrouped = /\D/.test(number);
    if (digits.length < FEWEST_DIGITS || digits.length > MOST_DIGITS) continue;
    // Without groups or a plus, only as many digits as a national number has: the rest are ids.
    if (!isGrouped && digits.length !== PLAIN_DIGITS) continue;
    if (NOT_A_NUMBER.some((other) => other.test(number))) continue;
    found.push({ start: match.index, end: match.index + match[0].length, number });
  }
  return found;
}
