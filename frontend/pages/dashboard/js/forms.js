const DOWNLOAD_MS = 2000;

/** Focus on what is wrong; one click, one request; a page whose one button is all that is left presses it itself. */
export function wireForms(document) {
  (document.querySelector("[aria-invalid='true']") ?? document.querySelector("[role='alert']"))?.focus();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
    // What is downloaded leaves the page as it is, and no event tells when it begins.
    if (form.hasAttribute("data-download")) setTimeout(() => release(form), DOWNLOAD_MS);
  });
  document.querySelector("form[data-autosubmit]")?.requestSubmit();
  // Back from the next page, the form as the browser kept it must work again.
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach(release);
  });
}

function release(form) {
  delete form.dataset.sent;
  form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
}
