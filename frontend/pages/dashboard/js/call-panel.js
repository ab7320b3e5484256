/** A call's side panel: htmx fills it, and only then it opens. A click with a modifier key opens the page itself. */
export function wirePanel(document) {
  const body = document.getElementById("call-panel");
  if (!body) return;
  document.addEventListener("htmx:after:swap", () => {
    const dialog = body.closest("dialog");
    if (body.childElementCount && !dialog.open) dialog.showModal();
  });
  body.closest("dialog").addEventListener("close", () => body.replaceChildren());
}
