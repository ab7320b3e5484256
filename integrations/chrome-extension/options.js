// The options page: stores another embed token, and the sites without call buttons.
import { allowPage, isToken } from "./config.js";

const form = /** @type {HTMLFormElement} */ (document.getElementById("form"));
const tokenField = /** @type {HTMLInputElement} */ (document.getElementById("token"));
const sitesField = /** @type {HTMLTextAreaElement} */ (document.getElementById("sites"));
const note = /** @type {HTMLElement} */ (document.getElementById("note"));
const origin = /** @type {HTMLElement} */ (document.getElementById("origin"));

/** @type {{token?: string, quietSites?: string[]}} */
const stored = await chrome.storage.local.get(["token", "quietSites"]);
tokenField.value = stored.token ?? "";
sitesField.value = (stored.quietSites ?? []).join("\n");
origin.textContent = location.origin;
/** @type {HTMLAnchorElement} */ (document.getElementById("allow-page")).href = allowPage();

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = tokenField.value.trim();
  if (token && !isToken(token)) {
    note.textContent = "Invalid embed token";
    tokenField.focus();
    return;
  }
  const quietSites = sitesField.value
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((site) => site.toLowerCase());
  await chrome.storage.local.set({ token, quietSites });
  note.textContent = "Saved. Reload the pages of your CRM.";
});
