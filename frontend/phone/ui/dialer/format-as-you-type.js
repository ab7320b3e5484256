/** Formats a phone number in its field while it is typed, and keeps the caret at the same digit. */
import { formatTyped, parsePasted } from "./number-format.js";

/** @import { CountryFields } from "../../types.d.ts" */
/** @import { FormatNumber } from "./number-format.js" */

const DELETED_BACKWARD = "deleteContentBackward";
const DELETED_FORWARD = "deleteContentForward";

/**
 * @param {HTMLInputElement} input
 * @param {() => CountryFields | null} getCountry
 * @param {() => void} onPasted Called after a paste was written to the field.
 * @param {FormatNumber} [formatNumber] Formats a complete number.
 */
export function formatAsYouType(input, getCountry, onPasted, formatNumber) {
  let digits = "";

  /** @param {Event} event An InputEvent, or a plain one after a key of the keypad. */
  const onInput = (event) => {
    const { inputType } = /** @type {InputEvent} */ (event);
    const root = /** @type {Document | ShadowRoot} */ (input.getRootNode());
    const hasCaret = root.activeElement === input;
    let caret = hasCaret ? (input.selectionStart ?? 0) : input.value.length;
    let text = input.value;
    if (digitsOf(text) === digits && digits) {
      // A punctuation mark was deleted, which would come back at once: the digit beside it was meant.
      if (inputType === DELETED_BACKWARD) ({ text, caret } = deleteDigitBefore(text, caret));
      if (inputType === DELETED_FORWARD) text = text.slice(0, caret) + text.slice(caret).replace(/\d/, "");
    }
    write(text, caret, hasCaret);
  };
  /** @param {ClipboardEvent} event */
  const onPaste = (event) => {
    const pasted = event.clipboardData?.getData("text");
    if (!pasted) return;
    event.preventDefault();
    const { value, selectionStart, selectionEnd } = input;
    const before = value.slice(0, selectionStart ?? 0) + parsePasted(pasted);
    write((before + value.slice(selectionEnd ?? 0)).slice(0, input.maxLength), before.length, true);
    onPasted();
  };
  /**
   * @param {string} text
   * @param {number} caret
   * @param {boolean} hasCaret
   */
  const write = (text, caret, hasCaret) => {
    const country = getCountry();
    const formatted = country ? formatTyped(text, country, formatNumber) : text;
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
  input.addEventListener("paste", onPaste);
}

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
