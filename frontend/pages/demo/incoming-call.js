/** The demo page's card *Incoming call*: the sandbox calls the demo's number, and the card shows what the caller hears. */
import { elementById } from "../shared/dom.js";

const POLL_MS = 500;
const UNREACHABLE_ERROR = "The product does not answer. Check that it runs, then try again.";

/**
 * @typedef {{ sid: string }} StartedCall
 * @typedef {{ is_over: boolean, lines: string[] }} CallDescription
 */

/** @param {Document} document */
export function enableIncomingCalls(document) {
  const button = /** @type {HTMLButtonElement} */ (elementById("call-number", document));
  const list = elementById("heard", document);
  const emptyNote = elementById("no-heard", document);

  /** @param {string[]} lines */
  function show(lines) {
    // Lines that stay are left alone, so that screen readers read new ones only.
    while (list.children.length > lines.length) list.lastChild?.remove();
    lines.forEach((line, index) => {
      const item = list.children[index] ?? list.appendChild(document.createElement("li"));
      if (item.textContent !== line) item.textContent = line;
    });
    emptyNote.hidden = lines.length > 0;
  }

  async function call() {
    show([]);
    const { sid } = /** @type {StartedCall} */ (await request("/demo/incoming-calls", "POST"));
    for (let isOver = false; !isOver;) {
      const description = /** @type {CallDescription} */ (await request(`/demo/incoming-calls/${sid}`, "GET"));
      show(description.lines);
      isOver = description.is_over;
      if (!isOver) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  button.addEventListener("click", () => {
    button.disabled = true;
    call()
      .catch((/** @type {unknown} */ error) => show([error instanceof Error ? error.message : UNREACHABLE_ERROR]))
      .finally(() => {
        button.disabled = false;
      });
  });
}

/**
 * Send a request and return the JSON of its response. Throws Error with a sentence to show.
 * @param {string} path
 * @param {"GET" | "POST"} method
 */
async function request(path, method) {
  let response;
  try {
    response = await fetch(path, { method });
  } catch {
    throw new Error(UNREACHABLE_ERROR);
  }
  const content = /** @type {{ message?: string }} */ (await response.json().catch(() => ({})));
  if (!response.ok) throw new Error(content.message ?? UNREACHABLE_ERROR);
  return content;
}
