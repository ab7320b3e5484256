/** The notice at the top of the demo page: a problem, or the reason why a click had no effect. */
import { elementById } from "../shared/dom.js";

/** @param {Document} document */
export function createNotice(document) {
  const box = elementById("notice", document);
  const text = elementById("notice-text", document);
  const retryButton = elementById("notice-retry", document);
  /** @type {(() => void) | null} */
  let onRetry = null;
  retryButton.addEventListener("click", () => onRetry?.());

  /**
   * @param {string} message
   * @param {(() => void) | null} retry
   * @param {boolean} isMild
   */
  function show(message, retry, isMild) {
    text.textContent = message;
    onRetry = retry;
    retryButton.hidden = !retry;
    box.classList.toggle("mild", isMild);
    box.hidden = false;
  }

  return {
    /**
     * Show a problem; with `retry` also the button "Try again", which calls `retry`.
     * @param {string} message
     * @param {(() => void) | null} [retry]
     */
    showProblem(message, retry = null) {
      show(message, retry, false);
    },
    /**
     * Show why a click had no effect.
     * @param {string} message
     */
    showHint(message) {
      show(message, null, true);
    },
    hide() {
      box.hidden = true;
    },
  };
}
