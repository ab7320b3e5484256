/** Enables the Copy button of the card that shows the phone's script tag. */
import { elementById } from "../shared/dom.js";

/** @param {Document} document */
export function enableSnippetCopy(document) {
  const button = document.getElementById("copy");
  if (!button) return;
  const code = elementById("snippet", document);
  const status = elementById("copied", document);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent ?? "");
      status.textContent = "Copied. Paste it before </body> of your own page.";
    } catch {
      // No clipboard on insecure pages or without permission: leave the text selected for the keyboard.
      getSelection()?.selectAllChildren(code);
      status.textContent = "The browser did not allow copying. The snippet is selected: press Ctrl+C or Cmd+C.";
    }
  });
}
