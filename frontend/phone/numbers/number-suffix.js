/**
 * Reads the extension and the tones (digits with pauses) that follow a phone number in a text. A call sends both after
 * the answer.
 */

const EXTENSION =
  /^ ?(?:;ext(?:ension)?=|[,;(]? ?(?:ext(?:ension|n)?|x|int(?:erno)?|anexo|poste|ramal|toestel|dw|durchwahl|доб|内線|#|~) ?[.:=#]? ?)(\d{1,15})\)?#?(?![\p{L}\d])/iu;
// As in address books: a comma or p is a pause, a semicolon or w waits until a person continues.
const TONES = /^[,;pw]+[\d*#][\d*#,;pw]*(?![\p{L}\d])/iu;
// The next number of a list.
const LISTED_NUMBER = /^[,;]\d{7,}$/;

/**
 * The extension and the tones (`0-9*#`, `,` for a pause, `;` to wait for a person) at the beginning of `text`, empty
 * without any, and the number of characters that they take in `text`.
 * @param {string} text The text behind the number.
 */
export function readSuffix(text) {
  const [match = "", extension = ""] = EXTENSION.exec(text) ?? [];
  const [tones = ""] = TONES.exec(text.slice(match.length)) ?? [];
  if (LISTED_NUMBER.test(tones)) return { extension, digits: "", length: match.length };
  return { extension, digits: toTones(tones), length: match.length + tones.length };
}

/** @param {string} text */
const toTones = (text) => text.replace(/p/gi, ",").replace(/w/gi, ";");
