/** Enables the checkbox beside a CSV link: if ticked, the file has a byte order mark, and Excel reads it as UTF-8. */

/** @param {Document} document */
export function enableCsvExport(document) {
  for (const element of document.querySelectorAll("input[data-bom]")) {
    const checkbox = /** @type {HTMLInputElement} */ (element);
    const link = document.getElementById(checkbox.dataset.bom ?? "");
    if (!(link instanceof HTMLAnchorElement)) continue;
    const update = () => {
      const url = new URL(link.href);
      if (checkbox.checked) url.searchParams.set("bom", "true");
      else url.searchParams.delete("bom");
      link.href = url.href;
    };
    checkbox.addEventListener("change", update);
    // After "back" the browser shows the checkbox as it was left.
    window.addEventListener("pageshow", update);
    checkbox.parentElement?.removeAttribute("hidden");
  }
}
