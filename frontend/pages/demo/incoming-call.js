/** The card that calls the demo's own number from outside and shows what the caller hears. */
import { elementById } from "../shared/dom.js";

const POLL_MS = 500;
const UNREACHABLE = "The product does not answer. Check that it runs, then try again.";

/**
 * @typedef {{ sid: string }} StartedCall
 * @typedef {{ is_over: boolean, lines: string[] }} HeardCall
 */

/** @param {Document} document */
export function enableIncomingCalls(document) {
  const button = /** @type {HTMLButtonElement} */ (elementById("call-number", document));
  const list = elementById("heard", document);
  const note = elementById("no-heard", document);

  /** @param {string[]} lines */
  function show(lines) {
    // Lines that stay are left alone, so that screen readers read new ones only.
    while (list.children.length > lines.length) list.lastChild?.remove();
    lines.forEach((line, index) => {
      const item = list.children[index] ?? list.appendChild(document.createElement("li"));
      if (item.textContent !== line) item.textContent = line;
    });
    note.hidden = lines.length > 0;
  }

  async function call() {
    show([]);
    const { sid } = /** @type {StartedCall} */ (await request("/demo/incoming-calls", "POST"));
    for (let isOver = false; !isOver;) {
      const heard = /** @type {HeardCall} */ (await request(`/demo/incoming-calls/${sid}`, "GET"));
      show(heard.lines);
      isOver = heard.is_over;
      if (!isOver) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  button.addEventListener("click", () => {
    button.disabled = true;
    call()
      .catch((/** @type {unknown} */ error) => show([error instanceof Error ? error.message : UNREACHABLE]))
      .finally(() => {
        button.disabled = false;
      });
  });
}

/**
 * The answer's JSON. Throws Error with a sentence for the person.
 * @param {string} path
 * @param {"GET" | "POST"} method
 */
async function request(path, method) {
  let response;
  try {
    response = await fetch(path, { method });
  } catch {
    throw new Error(UNREACHABLE);
  }
  const content = /** @type {{ message?: string }} */ (await response.json().catch(() => ({})));
  if (!response.ok) throw new Error(content.message ?? UNREACHABLE);
  return content;
}
