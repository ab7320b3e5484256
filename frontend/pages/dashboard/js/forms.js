/** Forms: focuses the first error, checks a form before sending, prevents a second submit, submits `data-autosubmit`. */

import { isSendable } from "./form-checks.js";

const DOWNLOAD_MS = 2_000;

/** @param {Document} document */
export function enableForms(document) {
  /** @type {HTMLElement | null} */
  const problem = document.querySelector("[aria-invalid='true']") ?? document.querySelector("[role='alert']");
  problem?.focus();
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (event.defaultPrevented || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent || !isSendable(form)) {
      event.preventDefault();
      return;
    }
    if (form.method !== "post") return;
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
    // A download does not leave the page, and no event says when it begins.
    if (form.hasAttribute("data-download")) setTimeout(() => enableSubmit(form), DOWNLOAD_MS);
  });
  /** @type {HTMLFormElement | null} */
  const selfSubmitting = document.querySelector("form[data-autosubmit]");
  selfSubmitting?.requestSubmit();
  // After "back" the browser shows the form as it was, and it must work again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]"))
      enableSubmit(/** @type {HTMLFormElement} */ (form));
  });
}

/** @param {HTMLFormElement} form */
function enableSubmit(form) {
  delete form.dataset.sent;
  form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
}
