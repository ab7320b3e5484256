/**
 * Formats the phone number in a field while it is typed, pasted, dropped or dictated, and keeps the caret at the same
 * digit.
 */
import { clean } from "../../numbers/clean.js";
import { formatTyped } from "./number-format.js";

/** @import { CountryFields, NumberReading } from "../../types.d.ts" */
/** @import { FormatNumber } from "./number-format.js" */

const DELETED_BACKWARD = "deleteContentBackward";
const DELETED_FORWARD = "deleteContentForward";
const NON_ASCII = /[^ -~]/;
const LINE_BREAK = /[\t\n\v\f\r\u2028\u2029]/;
const TEXT_AROUND_NUMBER = /^[^\d+]+|[^\d*#]+$/g;

/**
 * @typedef {object} FormatOptions
 * @property {() => CountryFields | null} getCountry
 * @property {(text: string) => NumberReading} readNumber
 * @property {() => void} onWritten Called after this module wrote a text to the field that was not typed.
 * @property {FormatNumber} [formatNumber] Formats a complete number.
 */

/**
 * @param {HTMLInputElement} input
 * @param {FormatOptions} options
 */
export function formatAsYouType(input, { getCountry, readNumber, onWritten, formatNumber }) {
  let digits = "";
  let isComposing = false;

  /** @param {Event} event An InputEvent, or a plain Event after a key of the keypad. */
  const onInput = (event) => {
    const { inputType, isComposing: isEventOfComposition } = /** @type {InputEvent} */ (event);
    // An input method replaces its own text; if that text was changed, it would write the text a second time.
    if (isComposing || isEventOfComposition) return;
    const root = /** @type {Document | ShadowRoot} */ (input.getRootNode());
    const hasCaret = root.activeElement === input;
    let caret = hasCaret ? (input.selectionStart ?? 0) : input.value.length;
    let text = input.value;
    if (NON_ASCII.test(text)) {
      caret = cleanLine(text.slice(0, caret)).length;
      text = cleanLine(text);
    }
    if (digitsOf(text) === digits && digits) {
      // A punctuation mark was deleted, which formatting would add again: the person meant the digit beside it.
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
  // Some browsers fill a field in without an `input` event.
  const onChange = () => {
    const text = cleanLine(input.value);
    write(text, text.length, false, isUnambiguous(text));
    onWritten();
  };
  /**
   * Insert a pasted, dropped or dictated text at the caret, as a number if it contains exactly one.
   * @param {Event} event
   * @param {string | null | undefined} insertedText
   */
  const insert = (event, insertedText) => {
    if (!insertedText) return;
    event.preventDefault();
    const { value, selectionStart, selectionEnd } = input;
    const before = value.slice(0, selectionStart ?? 0) + numberOrText(insertedText);
    const text = before + value.slice(selectionEnd ?? 0);
    write(text, before.length, true, isUnambiguous(text));
    onWritten();
  };
  /**
   * The number of a text that has only words besides that number; otherwise the whole text, so that no digit is lost.
   * @param {string} text
   */
  const numberOrText = (text) => {
    const { candidates, rest } = readNumber(text);
    const [{ number, extension, digits: tones } = NO_CANDIDATE] = candidates;
    const hasOneNumber = candidates.length === 1 && /\p{L}/u.test(rest) && !/[\d+*#]/.test(rest);
    // If the country of the number is a guess, the text stays whole, and the panel asks the person.
    const isCertain = hasOneNumber && isUnambiguous(clean(text).replace(TEXT_AROUND_NUMBER, ""));
    return isCertain ? dialText(number, extension, tones) : cleanLine(text).replace(/^tel:/i, "");
  };
  /**
   * True if `text` is dialled without asking the person.
   * @param {string} text
   */
  const isUnambiguous = (text) => {
    const [candidate, otherCandidate] = readNumber(text).candidates;
    return Boolean(candidate) && !candidate.isDoubtful && !otherCandidate;
  };
  /**
   * The candidates of `text` as a string, for comparisons.
   * @param {string} text
   */
  const meaningOf = (text) => JSON.stringify(readNumber(text).candidates);
  /**
   * `text` in groups of digits. If formatting would change the meaning of the text (the marks between digits distinguish dates
   * and several numbers), the text stays as it is, and the panel asks the person.
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

  // Captured, to run before the panel's own listener on this field, which reads the text.
  input.addEventListener("input", onInput, { capture: true });
  input.addEventListener("compositionstart", () => {
    isComposing = true;
  });
  input.addEventListener("compositionend", onCompositionEnd);
  input.addEventListener("change", onChange);
  input.addEventListener("paste", (event) => insert(event, event.clipboardData?.getData("text")));
  input.addEventListener("drop", (event) => insert(event, event.dataTransfer?.getData("text")));
  // For dictation and scripts, whose line breaks the browser would replace by a space or remove.
  input.addEventListener("beforeinput", (event) => {
    if (LINE_BREAK.test(event.data ?? "") && event.cancelable) insert(event, event.data);
  });
}

const NO_CANDIDATE = { number: "", extension: "", digits: "" };

/**
 * The text of a number with its extension and tones, which is read as the same three values again.
 * @param {string} number
 * @param {string} extension
 * @param {string} tones
 */
export const dialText = (number, extension, tones) => number + (extension && ` x${extension}`) + tones;

/**
 * `text` cleaned, in one line. Line breaks become " | " and not a slash, which occurs in numbers.
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
