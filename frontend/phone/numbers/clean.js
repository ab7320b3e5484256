/** Normalizes a text that may have a phone number: invisible characters, digits of other scripts, unusual signs. */

const INVISIBLE = /[\p{Cf}\uFE00-\uFE0F\u20E3]/gu;
// Normalization would turn footnote marks and fractions into digits.
const NUMBER_SIGNS = /\p{No}/gu;
const DASHES = /[\p{Pd}\u2043\u2212\u30FC]/gu;
// They separate rows and cells of a copied table. A number never continues after one.
const BREAKS = /[\t\n\v\f\r\u2028\u2029]+/g;

/**
 * `text` with digits of every script as 0-9, full-width signs, dashes and spaces as their ASCII forms, and without
 * invisible characters. Each line break or tab becomes a line break. The server's `clean_number_text` does the same.
 * @param {unknown} text
 */
export const clean = (text) =>
  `${text ?? ""}`
    .replace(NUMBER_SIGNS, "\n")
    .normalize("NFKC")
    .replace(INVISIBLE, "")
    .replace(/\p{Nd}/gu, toAsciiDigit)
    .replace(DASHES, "-")
    .replace(/[\u2044\u2215]/g, "/")
    .replace(BREAKS, "\n")
    .replace(/[^\S\n]+/g, " ")
    .replace(/ ?\n ?/g, "\n")
    .trim();

/**
 * The ten digits of a script have consecutive code points, and the first is a multiple of 16, or 6 more than that.
 * @param {string} digit
 */
function toAsciiDigit(digit) {
  const code = digit.codePointAt(0) ?? 0;
  const offset = code % 16;
  const isAligned = /\p{Nd}/u.test(String.fromCodePoint(code - offset));
  return String(isAligned ? offset : offset - 6);
}
