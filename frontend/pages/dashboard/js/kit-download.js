/**
 * Downloads of kits. On a page that shows a new token, the token is put into the kit here: it is never sent to the server
 * again. Without this script, and on pages without a token, the links give the kit as the server has it.
 */
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { closest, elementById } from "../../shared/dom.js";
import { showToast } from "../../shared/toast.js";

// The server's time too, so that the same kit is the same file.
const MODIFIED_AT = new Date(1980, 0, 1);
const REVOKE_DELAY_MS = 60_000;

/**
 * The kit `zip` with `token` in place of each `mark`.
 * @param {Uint8Array} zip
 * @param {string} mark
 * @param {string} token
 */
export function fillKit(zip, mark, token) {
  const files = Object.entries(unzipSync(zip)).map(([name, bytes]) => {
    const text = strFromU8(bytes, true);
    return [name, text.includes(mark) ? strToU8(text.replaceAll(mark, token), true) : bytes];
  });
  return zipSync(Object.fromEntries(files), { level: 9, mtime: MODIFIED_AT });
}

/** @param {Document} document */
export function enableKitDownloads(document) {
  document.addEventListener("click", async (event) => {
    /** @type {HTMLAnchorElement | null} */
    const link = closest(event, "a[data-kit]");
    const { kit: tokenFieldId, kitMark } = link?.dataset ?? {};
    if (!link || !tokenFieldId || !kitMark) return;
    event.preventDefault();
    try {
      const answer = await fetch(link.href);
      if (!answer.ok) throw new Error(String(answer.status));
      const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1];
      if (!name) throw new Error("The answer has no file name");
      const { value: token } = /** @type {HTMLInputElement} */ (elementById(tokenFieldId, document));
      const kit = fillKit(new Uint8Array(await answer.arrayBuffer()), kitMark, token);
      save(document, name, new Blob([kit], { type: "application/zip" }));
    } catch {
      showToast(document, "The kit could not be made. Check the connection and press the button again.", true);
    }
  });
}

/**
 * @param {Document} document
 * @param {string} name
 * @param {Blob} blob
 */
function save(document, name, blob) {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), REVOKE_DELAY_MS);
}
