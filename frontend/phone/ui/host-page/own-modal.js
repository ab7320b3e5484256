/**
 * Shows the phone in a modal dialog that the phone opens itself: the last resort during a call, for a page that makes
 * everything else inert, so that the dialog blocks nothing more.
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
   * Move `root`, which is in a shadow root, into a modal dialog.
   * @param {HTMLElement} root
   */
  show(root) {
    if (!window.HTMLDialogElement) return;
    const dialog = h("dialog", { closedby: "none", cancel: (event) => event.preventDefault() });
    // Every content security policy allows this, unlike a style attribute.
    dialog.style.cssText = STYLES;
    root.removeAttribute("popover");
    root.replaceWith(dialog);
    dialog.append(root);
    dialog.showModal();
    this.#dialog = dialog;
  }

  /** Close the dialog and move its contents back into the shadow root. */
  hide() {
    const dialog = this.#dialog;
    if (!dialog) return;
    this.#dialog = null;
    dialog.close();
    dialog.replaceWith(...dialog.childNodes);
  }
}
