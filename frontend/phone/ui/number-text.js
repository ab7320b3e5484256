/** Writes to the number field for the page: a number that waits for Call, or a text that was refused. */
import { cleanNumberText } from "../numbers/tel-uri.js";

/** @import { Phone } from "../core.js" */
/** @import { Problem } from "../errors.js" */

export class NumberText {
  /** The number that waits for Call, as it is in the field. */
  #proposed = "";
  /** @type {EpochPhoneState | null} */
  #state = null;
  /**
   * The error whose text is in the field.
   * @type {Problem | null}
   */
  #error = null;

  /**
   * Empty the field after a call, and show the text that `dial` refused, which need not come from the field.
   * @param {Phone} phone
   * @param {HTMLInputElement} input
   */
  update({ state, dialError, dialInput }, input) {
    if (state === "ready" && this.#state !== "ready") input.value = "";
    this.#state = state;
    if (dialError === this.#error) return;
    this.#error = dialError;
    // Of a text that may mean several numbers, these are offered.
    if (!dialError || dialError.code === "ambiguous_number" || input.value === dialInput) return;
    // The number of a link's address; the whole address where it has none.
    input.value = cleanNumberText(dialInput) || `${dialInput ?? ""}`;
  }

  /**
   * The number that is in the field now waits for Call.
   * @param {HTMLInputElement} input
   */
  setProposal(input) {
    this.#proposed = input.value;
  }

  /**
   * Take the number that waits back, unless a person has changed it.
   * @param {HTMLInputElement} input
   */
  forgetProposal(input) {
    if (this.#proposed && input.value === this.#proposed) input.value = "";
    this.#proposed = "";
  }
}
