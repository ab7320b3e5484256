/**
 * Empties the number field after a call; writes a text to it that `dial()` refused; removes a number that the page
 * proposed when a call begins or the panel closes.
 */
import { cleanNumberText } from "../numbers/tel-uri.js";

/** @import { Phone } from "../core.js" */
/** @import { Problem } from "../errors.js" */

export class NumberFieldText {
  /** The number that the page put into the field, which waits for Call; empty without one. */
  #proposed = "";
  /** @type {EpochPhoneState | null} */
  #state = null;
  /**
   * The last error whose text was written to the field.
   * @type {Problem | null}
   */
  #error = null;

  /**
   * Empty the field after a call, and write the text that `dial` refused to it: the page may have called with that text.
   * @param {Phone} phone
   * @param {HTMLInputElement} input
   */
  update({ state, dialError, dialInput }, input) {
    if (state === "ready" && this.#state !== "ready") input.value = "";
    this.#state = state;
    if (dialError === this.#error) return;
    this.#error = dialError;
    // For a text that may mean several numbers, the panel lists the numbers instead.
    if (!dialError || dialError.code === "ambiguous_number" || input.value === dialInput) return;
    // The number of a `tel:` URI; the whole URI if it has no number.
    input.value = cleanNumberText(dialInput) || `${dialInput ?? ""}`;
  }

  /**
   * Remember that the number in the field comes from the page and waits for Call.
   * @param {HTMLInputElement} input
   */
  setProposal(input) {
    this.#proposed = input.value;
  }

  /**
   * Remove the number that waits for Call, unless a person has changed it.
   * @param {HTMLInputElement} input
   */
  clearProposal(input) {
    if (this.#proposed && input.value === this.#proposed) input.value = "";
    this.#proposed = "";
  }
}
