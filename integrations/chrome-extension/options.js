import { isToken } from "./config.js";

const token = document.getElementById("token");
const sites = document.getElementById("sites");
const note = document.getElementById("note");
const stored = await chrome.storage.local.get(["token", "quietSites"]);
token.value = stored.token ?? "";
sites.value = (stored.quietSites ?? []).join("\n");
document.getElementById("origin").textContent = location.origin;

document.getElementById("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const typed = token.value.trim();
  if (typed && !isToken(typed)) {
    note.textContent = "Invalid embed token";
    token.focus();
    return;
  }
  const quietSites = sites.value
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((site) => site.toLowerCase());
  await chrome.storage.local.set({ token: typed, quietSites });
  note.textContent = "Saved. Reload the pages of your CRM.";
});
