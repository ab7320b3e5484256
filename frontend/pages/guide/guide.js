// Adds copy buttons to the guide, and shows its CRM recipes as tabs.
import { enableCopyButtons } from "../shared/copy-button.js";
import { enableTabs } from "./tabs.js";

enableCopyButtons(document);
for (const button of document.querySelectorAll("[data-copy]")) /** @type {HTMLElement} */ (button).hidden = false;
enableTabs(document);

// On small screens open menus would fill the screen.
if (window.matchMedia("(max-width: 899px)").matches) {
  for (const menu of document.querySelectorAll(".contents details")) menu.removeAttribute("open");
}
