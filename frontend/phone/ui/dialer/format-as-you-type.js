/** Formats a phone number in its field while it is typed, and keeps the caret at the same digit. */
import { clean } from "../../numbers/clean.js";
import { formatTyped } from "./number-format.js";

/** @import { CountryFields, NumberReading } from "../../types.d.ts" */
/** @import { FormatNumber } from "./number-format.js" */

const DELETED_BACKWARD = "deleteContentBackward";
const DELETED_FORWARD = "deleteContentForward";
const UNUSUAL = /[^ -~]/;
const BREAK = /[\t\n\v\f\r\u2028\u2029]/;
const WORDS_AROUND = /^[^\d+]+|[^\d*#]+$/g;

/**
 * @typedef {object} FormatOptions
 * @property {() => CountryFields | null} getCountry
 * @property {(text: string) => NumberReading} readNumber
 * @property {() => void} onWritten Called after a text that was not typed is in the field.
 * @property {FormatNumber} [formatNumber] Formats a complete number.
 */

/**
 * @param {HTMLInputElement} input
 * @param {FormatOptions} options
 */
export function formatAsYouType(input, { getCountry, readNumber, onWritten, formatNumber }) {
  let digits = "";
  let isComposing = false;

  /** @param {Event} event An InputEvent, or a plain one after a key of the keypad. */
  const onInput = (event) => {
    const { inputType, isComposing: isOfComposition } = /** @type {InputEvent} */ (event);
    // The input method replaces its own text: what it does not find any more it would write again.
    if (isComposing || isOfComposition) return;
    const root = /** @type {Document | ShadowRoot} */ (input.getRootNode());
    const hasCaret = root.activeElement === input;
    let caret = hasCaret ? (input.selectionStart ?? 0) : input.value.length;
    let text = input.value;
    if (UNUSUAL.test(text)) {
      caret = cleanLine(text.slice(0, caret)).length;
      text = cleanLine(text);
    }
    if (digitsOf(text) === digits && digits) {
      // A punctuation mark was deleted, which would come back at once: the digit beside it was meant.
      if (inputType === DELETED_BACKWARD) ({ text, caret } = deleteDigitBefore(text, caret));
      if (inputType === DELETED_FORWARD) text = text.slice(0, caret) + text.slice(caret).replace(/\d/, "");
    }
    write(text, caret, hasCaret);
  };
  const onCompositionEnd = () => {
    isComposing = false;
    onInput(new Event("input"));
    onWritten();
  };
  // Some browsers fill a field in without an event of input.
  const onChange = () => {
    const text = cleanLine(input.value);
    write(text, text.length, false, isClear(text));
    onWritten();
  };
  /**
   * Put a text that a person did not type at the caret, as a number if it is one.
   * @param {Event} event
   * @param {string | null | undefined} given
   */
  const insert = (event, given) => {
    if (!given) return;
    event.preventDefault();
    const { value, selectionStart, selectionEnd } = input;
    const before = value.slice(0, selectionStart ?? 0) + numberIn(given);
    const text = before + value.slice(selectionEnd ?? 0);
    write(text, before.length, true, isClear(text));
    onWritten();
  };
  /**
   * The number of a text that has words besides, otherwise the whole text: no digit is left out.
   * @param {string} text
   */
  const numberIn = (text) => {
    const { candidates, rest } = readNumber(text);
    const [{ number, extension, digits: tones } = EMPTY] = candidates;
    const isNumber = candidates.length === 1 && /\p{L}/u.test(rest) && !/[\d+*#]/.test(rest);
    // Of words and a number whose country is a guess, a person is asked.
    const isOne = isNumber && isClear(clean(text).replace(WORDS_AROUND, ""));
    return isOne ? writtenNumber(number, extension, tones) : cleanLine(text).replace(/^tel:/i, "");
  };
  /**
   * True if `text` is dialled without a question.
   * @param {string} text
   */
  const isClear = (text) => {
    const [first, another] = readNumber(text).candidates;
    return Boolean(first) && !first.isDoubtful && !another;
  };
  /**
   * The candidates of `text`, to be compared.
   * @param {string} text
   */
  const meaningOf = (text) => JSON.stringify(readNumber(text).candidates);
  /**
   * `text` in groups. The signs between its digits tell dates and several numbers: where the number would be another one
   * without them, the text stays as it is, and a person is asked.
   * @param {string} text
   */
  const format = (text) => {
    const country = getCountry();
    const formatted = country ? formatTyped(text, country, formatNumber) : text;
    return formatted === text || meaningOf(formatted) === meaningOf(text) ? formatted : text;
  };
  /**
   * @param {string} text
   * @param {number} caret
   * @param {boolean} hasCaret
   */
  const write = (text, caret, hasCaret, isFormatted = true) => {
    const formatted = isFormatted ? format(text) : text;
    digits = digitsOf(formatted);
    if (formatted === input.value) return;
    const digitsBefore = digitsOf(text.slice(0, caret)).length;
    input.value = formatted;
    if (!hasCaret) return;
    const position = caret >= text.length ? formatted.length : positionAfterDigit(formatted, digitsBefore);
    input.setSelectionRange(position, position);
  };

  // Runs before the panel's own listener on this field, which shows what is typed.
  input.addEventListener("input", onInput, { capture: true });
  input.addEventListener("compositionstart", () => {
    isComposing = true;
  });
  input.addEventListener("compositionend", onCompositionEnd);
  input.addEventListener("change", onChange);
  input.addEventListener("paste", (event) => insert(event, event.clipboardData?.getData("text")));
  input.addEventListener("drop", (event) => insert(event, event.dataTransfer?.getData("text")));
  // Dictation and scripts: the browser would write a space for a line break, or nothing.
  input.addEventListener("beforeinput", (event) => {
    if (BREAK.test(event.data ?? "") && event.cancelable) insert(event, event.data);
  });
}

const EMPTY = { number: "", extension: "", digits: "" };

/**
 * A number with what is dialled after it, as it is read again.
 * @param {string} number
 * @param {string} extension
 * @param {string} tones
 */
export const writtenNumber = (number, extension, tones) => number + (extension && ` x${extension}`) + tones;

/**
 * `text` cleaned, in one line. A slash would not do for a line break: numbers are written with it.
 * @param {string} text
 */
const cleanLine = (text) => clean(text).replaceAll("\n", " | ");

/** @param {string} text */
const digitsOf = (text) => text.replace(/[^\d+]/g, "");

/**
 * @param {string} text
 * @param {number} caret
 */
function deleteDigitBefore(text, caret) {
  const before = text.slice(0, caret).replace(/\d(?=\D*$)/, "");
  return { text: before + text.slice(caret), caret: before.length };
}

/**
 * The position in `text` after its `count`-th digit; a plus counts as a digit.
 * @param {string} text
 * @param {number} count
 */
function positionAfterDigit(text, count) {
  let seen = 0;
  let position = 0;
  while (position < text.length && seen < count) {
    if (/[\d+]/.test(text[position])) seen += 1;
    position += 1;
  }
  return position;
}
