/** Removes dates and times from a text, whose digits are not phone numbers. */

const DAY = "(?:0?[1-9]|[12]\\d|3[01])";
const MONTH = "(?:0?[1-9]|1[0-2])";
const YEAR = "(?:19|20)\\d\\d";
// Also matches the character before a date or time, because Safari before 16.4 has no lookbehind.
const DATES = new RegExp(
  `(^|[^\\d./-])(?:${YEAR}([./-])${MONTH}\\2${DAY}|${DAY}([./-])${MONTH}\\3${YEAR}|${MONTH}([./-])${DAY}\\4${YEAR})(?![./-]?\\d)`,
  "g",
);
const TIMES = /(^|[^\d:])\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?![\d:])/g;

/**
 * `text` with `|`, which no number contains, in place of each date and time.
 * @param {string} text
 */
export const withoutDates = (text) => text.replace(DATES, "$1|").replace(TIMES, "$1|");
