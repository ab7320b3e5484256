/**
 * Confirmation dialogs of buttons: `form[data-confirm]` names a dialog, which all rows of a list share, and gives it a
 * title and a URL to post to. Without this script the form opens a confirmation page.
 */
import { closest, find } from "../../shared/dom.js";

/** @param {Document} document */
export function enableConfirmDialogs(document) {
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    const id = form.dataset.confirm;
    const dialog = id ? document.getElementById(id) : null;
    if (!(dialog instanceof HTMLDialogElement)) return;
    event.preventDefault();
    find(dialog, "h2").textContent = form.dataset.title ?? "";
    find(dialog, "form").setAttribute("action", form.getAttribute("action") ?? "");
    dialog.showModal();
  });
  document.addEventListener("click", (event) => {
    const { target } = event;
    const closeButton = closest(event, "[data-close]");
    if (closeButton) closeButton.closest("dialog")?.close();
    // A click beside the dialog has the dialog as its target: the dialog's content covers all of it.
    else if (target instanceof HTMLDialogElement && target.open && isOutside(target, event)) target.close();
  });
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {MouseEvent} click
 */
function isOutside(dialog, { clientX, clientY }) {
  const box = dialog.getBoundingClientRect();
  return clientX < box.left || clientX > box.right || clientY < box.top || clientY > box.bottom;
}
