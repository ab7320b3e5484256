/** The box beside the link of a CSV: with it the file begins with a byte order mark, by which Excel recognizes UTF-8. */

/** @param {Document} document */
export function enableCsvExport(document) {
  for (const element of document.querySelectorAll("input[data-bom]")) {
    const box = /** @type {HTMLInputElement} */ (element);
    const link = document.getElementById(box.dataset.bom ?? "");
    if (!(link instanceof HTMLAnchorElement)) continue;
    const update = () => {
      const url = new URL(link.href);
      if (box.checked) url.searchParams.set("bom", "true");
      else url.searchParams.delete("bom");
      link.href = url.href;
    };
    box.addEventListener("change", update);
    // After "back" the browser shows the box as it was left.
    window.addEventListener("pageshow", update);
    box.parentElement?.removeAttribute("hidden");
  }
}
