/** Forms: focus on the first error, one request for each click, and forms that submit themselves. */

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
    // A download leaves the page as it is, and no event tells when it begins.
    if (form.hasAttribute("data-download")) setTimeout(() => release(form), DOWNLOAD_MS);
  });
  /** @type {HTMLFormElement | null} */
  const selfSubmitting = document.querySelector("form[data-autosubmit]");
  selfSubmitting?.requestSubmit();
  // After "back" the browser shows the form as it was, and it must work again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) release(/** @type {HTMLFormElement} */ (form));
  });
}

/** @param {HTMLFormElement} form */
function release(form) {
  delete form.dataset.sent;
  form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
}
