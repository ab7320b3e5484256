/** Shows short messages (toasts) in the page's live region `#toasts`; announces those that the server put there. */
import { elementById } from "./dom.js";

const VISIBLE_MS = 6_000;
// Screen readers read out a live region only if it changes after the page has loaded.
const ANNOUNCE_DELAY_MS = 150;

/**
 * @param {Document} document
 * @param {string} text
 */
export function showToast(document, text, isProblem = false) {
  const entry = document.createElement("p");
  entry.className = isProblem ? "toast problem" : "toast";
  entry.textContent = text;
  elementById("toasts", document).replaceChildren(entry);
  setTimeout(() => entry.remove(), VISIBLE_MS);
}

/**
 * Show again the message that the server put into the page, so that screen readers read it out.
 * @param {Document} document
 */
export function announceToast(document) {
  const message = document.querySelector("#toasts .toast");
  if (!message) return;
  setTimeout(
    () => showToast(document, message.textContent ?? "", message.classList.contains("problem")),
    ANNOUNCE_DELAY_MS,
  );
}
