import { toast } from "../dashboard/js/toast.js";

/** Copy buttons: `data-copy` names the element whose text, or value, is meant. */
export function wireCopy(document) {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.value ?? source.textContent);
      toast(document, "Copied");
    } catch {
      // No clipboard on insecure pages or without permission: leave the text selected for the keyboard.
      if (source.select) source.select();
      else getSelection().selectAllChildren(source);
      toast(document, "The browser did not allow copying. The text is selected: press Ctrl+C or Cmd+C.", true);
    }
  });
}
