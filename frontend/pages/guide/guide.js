// What the guide does beyond plain HTML: its copy buttons appear where they can work, its CRM recipes become tabs.
import { wireCopy } from "../shared/copy-button.js";
import { wireTabs } from "./tabs.js";

wireCopy(document);
for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
wireTabs(document);

// On a phone the list of contents would fill the first screen.
if (window.matchMedia("(max-width: 899px)").matches) document.querySelector(".contents details").open = false;
