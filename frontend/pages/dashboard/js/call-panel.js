/**
 * The side panel of a call, beside a list: opens after htmx has loaded the call into it. A click with a modifier key
 * opens the call's own page instead.
 */

/** @param {Document} document */
export function enableCallPanel(document) {
  const content = document.getElementById("call-panel");
  const dialog = content?.closest("dialog");
  if (!content || !dialog) return;
  document.addEventListener("htmx:after:swap", () => {
    if (content.childElementCount && !dialog.open) dialog.showModal();
  });
  dialog.addEventListener("close", () => content.replaceChildren());
}
