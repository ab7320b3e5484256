/** Validates the DTMF tones that a call sends after the answer: an extension, and further digits with pauses. */
import { Problem } from "../errors.js";

// The server's pattern.
const EXTENSION = /^[0-9*#]{1,20}$/;
const DIGITS = /^[0-9*#,;]{1,100}$/;

/**
 * The extension and the digits, empty where there are none; in the digits `,` is a pause of 2 s and `;` waits until a
 * person continues. Options replace what was written behind the number. Throws Problem if one is not valid.
 * @param {Pick<EpochPhoneCallOptions, "extension" | "digits">} options
 * @param {{extension?: string, digits?: string}} textTones Those in the text of the number.
 */
export function readTones(options, textTones) {
  const extension = textOf(options.extension) || (textTones.extension ?? "");
  const digits = (textOf(options.digits) || (textTones.digits ?? "")).replace(/p/gi, ",").replace(/w/gi, ";");
  if (extension && !EXTENSION.test(extension)) throw new Problem("invalid_extension");
  if (digits && !DIGITS.test(digits)) throw new Problem("invalid_digits");
  return { extension, digits };
}

/**
 * A text or a number as text; "?", which is no valid extension and no valid digits, for any other value.
 * @param {unknown} value
 */
const textOf = (value) =>
  value === null || value === undefined ? "" : /^(?:string|number)$/.test(typeof value) ? `${value}`.trim() : "?";
