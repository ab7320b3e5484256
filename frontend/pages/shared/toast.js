/** Shows short messages in the page's one live region. */
import { elementById } from "./dom.js";

const VISIBLE_MS = 6_000;
// Assistive technology reads a live region out only when it changes after the page was read.
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
 * Show the message that came with the page again, so that it is read out.
 * @param {Document} document
 */
export function announceToast(document) {
  const sent = document.querySelector("#toasts .toast");
  if (!sent) return;
  setTimeout(() => showToast(document, sent.textContent ?? "", sent.classList.contains("problem")), ANNOUNCE_DELAY_MS);
}
