/** Enables copy buttons: `data-copy` is the id of the element whose text or value is copied. */
import { closest, elementById } from "./dom.js";
import { showToast } from "./toast.js";

/** @param {Document} document */
export function enableCopyButtons(document) {
  document.addEventListener("click", async (event) => {
    const id = closest(event, "[data-copy]")?.dataset.copy;
    if (!id) return;
    const source = elementById(id, document);
    const field = source instanceof HTMLInputElement || source instanceof HTMLTextAreaElement ? source : null;
    try {
      await navigator.clipboard.writeText(field?.value ?? source.textContent ?? "");
      showToast(document, "Copied");
    } catch {
      // No clipboard on insecure pages or without permission: leave the text selected for the keyboard.
      if (field) field.select();
      else getSelection()?.selectAllChildren(source);
      showToast(document, "The browser did not allow copying. The text is selected: press Ctrl+C or Cmd+C.", true);
    }
  });
}
