/** Finds the modal dialogs that are open in a page, also those in open shadow roots. */

const isSupported = (() => {
  try {
    document.querySelector(":modal");
    return true;
  } catch {
    return false;
  }
})();
// Older browsers cannot tell modal dialogs from others.
const MODAL = isSupported ? "dialog:modal" : "dialog[open]";

export class ModalDialogs {
  #document;
  /**
   * In the order in which they were seen.
   * @type {Set<Element>}
   */
  #seen = new Set();

  /** @param {Document} document */
  constructor(document) {
    this.#document = document;
  }

  /**
   * True if `event` is the first one seen from inside a dialog.
   * @param {Event} event
   */
  noteTargetOf(event) {
    const dialog = event.composedPath().find((node) => node instanceof Element && node.matches(MODAL));
    if (!dialog || this.#seen.has(/** @type {Element} */ (dialog))) return false;
    this.#seen.add(/** @type {Element} */ (dialog));
    return true;
  }

  /** Those that are open, the latest one first. */
  find() {
    for (const dialog of this.#seen) if (!dialog.isConnected || !dialog.matches(MODAL)) this.#seen.delete(dialog);
    for (const dialog of this.#document.querySelectorAll(MODAL)) this.#seen.add(dialog);
    return [...this.#seen].reverse();
  }
}
