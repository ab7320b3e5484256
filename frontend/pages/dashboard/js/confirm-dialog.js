/**
 * Buttons that ask first: `form[data-confirm]` opens its dialog here, which the buttons of a list share, and tells it what
 * to ask and where to post; without JavaScript it leads to a page that asks.
 */
export function wireConfirms(document) {
  document.addEventListener("submit", (event) => {
    const id = event.target.dataset.confirm;
    const dialog = id && document.getElementById(id);
    if (!dialog) return;
    event.preventDefault();
    dialog.querySelector("h2").textContent = event.target.dataset.title;
    dialog.querySelector("form").setAttribute("action", event.target.getAttribute("action"));
    dialog.showModal();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
    // A click beside the dialog hits the dialog itself: its content fills it.
    else if (event.target.matches("dialog[open]") && isOutside(event)) event.target.close();
  });
}

function isOutside({ target, clientX, clientY }) {
  const box = target.getBoundingClientRect();
  return clientX < box.left || clientX > box.right || clientY < box.top || clientY > box.bottom;
}
