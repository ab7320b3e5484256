const SHOWN_MS = 6000;

/** Say `text` in the page's one live region. */
export function toast(document, text, isProblem = false) {
  const entry = document.createElement("p");
  entry.className = isProblem ? "toast problem" : "toast";
  entry.textContent = text;
  document.getElementById("toasts").replaceChildren(entry);
  setTimeout(() => entry.remove(), SHOWN_MS);
}

/** The notice that came with the page: put in anew, since a live region only announces what changes. */
export function announceNotice(document) {
  const sent = document.querySelector("#toasts .toast");
  if (sent) setTimeout(() => toast(document, sent.textContent, sent.classList.contains("problem")), 150);
}
