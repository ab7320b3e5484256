/** Menus made of `details.switcher` close on Escape, giving focus back, and on a click elsewhere. */
export function wireMenus(document) {
  const close = (menu) => {
    menu.open = false;
  };
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest?.("details.switcher[open]");
    if (!menu) return;
    close(menu);
    menu.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.switcher[open]")) {
      if (!menu.contains(event.target)) close(menu);
    }
  });
}
