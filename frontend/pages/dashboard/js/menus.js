/** Closes the menus made of `details.switcher` on Escape, which returns the focus, and on a click outside. */
import { closest, find } from "../../shared/dom.js";

/** @param {Document} document */
export function enableMenus(document) {
  document.addEventListener("keydown", (event) => {
    /** @type {HTMLDetailsElement | null} */
    const menu = event.key === "Escape" ? closest(event, "details.switcher[open]") : null;
    if (!menu) return;
    menu.open = false;
    find(menu, "summary").focus();
  });
  document.addEventListener("click", ({ target }) => {
    for (const element of document.querySelectorAll("details.switcher[open]")) {
      const menu = /** @type {HTMLDetailsElement} */ (element);
      if (!menu.contains(/** @type {Node} */ (target))) menu.open = false;
    }
  });
}
