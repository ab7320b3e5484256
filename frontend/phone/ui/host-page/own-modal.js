/**
 * The phone as a modal dialog of its own: the last resort in a call on a page that is all inert, where nothing else can be
 * pressed anyway.
 */
import { h } from "../dom.js";

const STYLES = "all:initial;position:fixed;width:0;height:0;overflow:visible";

export class OwnModal {
  /** @type {HTMLDialogElement | null} */
  #dialog = null;

  get isShown() {
    return this.#dialog !== null;
  }

  /**
   * Show `root`, which is in a shadow root, in a modal dialog.
   * @param {HTMLElement} root
   */
  show(root) {
    if (!window.HTMLDialogElement) return;
    const dialog = h("dialog", { closedby: "none", cancel: (event) => event.preventDefault() });
    // Unlike an attribute, allowed by every policy.
    dialog.style.cssText = STYLES;
    root.removeAttribute("popover");
    root.replaceWith(dialog);
    dialog.append(root);
    dialog.showModal();
    this.#dialog = dialog;
  }

  /** Put the contents back into the shadow root. */
  hide() {
    const dialog = this.#dialog;
    if (!dialog) return;
    this.#dialog = null;
    dialog.close();
    dialog.replaceWith(...dialog.childNodes);
  }
}
