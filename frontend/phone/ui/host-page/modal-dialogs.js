/** Finds the open modal dialogs of a page, including those in open shadow roots from which an event came. */

const isModalSelectorSupported = (() => {
  try {
    document.querySelector(":modal");
    return true;
  } catch {
    return false;
  }
})();
// Without the selector, modal dialogs cannot be distinguished from others.
const MODAL = isModalSelectorSupported ? "dialog:modal" : "dialog[open]";

export class ModalDialogs {
  #document;
  /**
   * In the order in which they were found.
   * @type {Set<Element>}
   */
  #found = new Set();

  /** @param {Document} document */
  constructor(document) {
    this.#document = document;
  }

  /**
   * Add the modal dialog from which `event` comes; true if that dialog was not known.
   * @param {Event} event
   */
  addDialogOf(event) {
    const dialog = event.composedPath().find((node) => node instanceof Element && node.matches(MODAL));
    if (!dialog || this.#found.has(/** @type {Element} */ (dialog))) return false;
    this.#found.add(/** @type {Element} */ (dialog));
    return true;
  }

  /** The open modal dialogs, the one found last first. */
  find() {
    for (const dialog of this.#found) if (!dialog.isConnected || !dialog.matches(MODAL)) this.#found.delete(dialog);
    for (const dialog of this.#document.querySelectorAll(MODAL)) this.#found.add(dialog);
    return [...this.#found].reverse();
  }
}
