/** Reads what is written behind a number and dialled after the answer: an extension, and tones with pauses. */

const EXTENSION =
  /^ ?(?:;ext(?:ension)?=|[,;(]? ?(?:ext(?:ension|n)?|x|int(?:erno)?|anexo|poste|ramal|toestel|dw|durchwahl|доб|内線|#|~) ?[.:=#]? ?)(\d{1,15})\)?#?(?![\p{L}\d])/iu;
// As in address books: a comma or p is a pause, a semicolon or w waits for a key.
const TONES = /^[,;pw]+[\d*#][\d*#,;pw]*(?![\p{L}\d])/iu;
// The next number of a list.
const LISTED_NUMBER = /^[,;]\d{7,}$/;

/**
 * The extension and the tones (`0-9*#`, `,` a pause, `;` waits for a key) at the beginning of `text`, both empty where there
 * is none, and the length of what was read.
 * @param {string} text The part behind the number.
 */
export function afterNumber(text) {
  const [written = "", extension = ""] = EXTENSION.exec(text) ?? [];
  const [tones = ""] = TONES.exec(text.slice(written.length)) ?? [];
  if (LISTED_NUMBER.test(tones)) return { extension, digits: "", length: written.length };
  return { extension, digits: toTones(tones), length: written.length + tones.length };
}

/** @param {string} text */
const toTones = (text) => text.replace(/p/gi, ",").replace(/w/gi, ";");
