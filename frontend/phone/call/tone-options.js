/** Reads what a call sends as tones after the answer: an extension, and further digits with pauses. */
import { Problem } from "../errors.js";

// The server stores extensions of this form only.
const EXTENSION = /^[0-9*#]{1,20}$/;
const DIGITS = /^[0-9*#,;]{1,100}$/;

/**
 * The extension and the digits, empty where there are none; in the digits `,` is a pause and `;` waits for a key. Options
 * take the place of what was written with the number. Throws Problem if one is not valid.
 * @param {Pick<EpochPhoneCallOptions, "extension" | "digits">} options
 * @param {{extension?: string, digits?: string}} written
 */
export function readTones(options, written) {
  const extension = textOf(options.extension) || (written.extension ?? "");
  const digits = (textOf(options.digits) || (written.digits ?? "")).replace(/p/gi, ",").replace(/w/gi, ";");
  if (extension && !EXTENSION.test(extension)) throw new Problem("invalid_extension");
  if (digits && !DIGITS.test(digits)) throw new Problem("invalid_digits");
  return { extension, digits };
}

/**
 * A text or a number as text; what is neither is not valid in either place.
 * @param {unknown} given
 */
const textOf = (given) =>
  given === null || given === undefined ? "" : /^(?:string|number)$/.test(typeof given) ? `${given}`.trim() : "?";
