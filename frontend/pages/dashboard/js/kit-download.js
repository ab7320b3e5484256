/**
 * Downloads of kits. On the page that shows a new token, this script puts the token into the kit: it is never sent to
 * the server again. Without this script, and on other pages, the links download the kit with a placeholder.
 */
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { closest, elementById } from "../../shared/dom.js";
import { showToast } from "../../shared/toast.js";

// The server uses the same time, so that the same kit is always the same file.
const MODIFIED_AT = new Date(1980, 0, 1);
const REVOKE_DELAY_MS = 60_000;

/**
 * The kit `zip` with `token` in place of each `placeholder`.
 * @param {Uint8Array} zip
 * @param {string} placeholder
 * @param {string} token
 */
export function fillKit(zip, placeholder, token) {
  const files = Object.entries(unzipSync(zip)).map(([name, bytes]) => {
    const text = strFromU8(bytes, true);
    return [name, text.includes(placeholder) ? strToU8(text.replaceAll(placeholder, token), true) : bytes];
  });
  return zipSync(Object.fromEntries(files), { level: 9, mtime: MODIFIED_AT });
}

/** @param {Document} document */
export function enableKitDownloads(document) {
  document.addEventListener("click", async (event) => {
    /** @type {HTMLAnchorElement | null} */
    const link = closest(event, "a[data-kit]");
    const { kit: tokenFieldId, kitPlaceholder } = link?.dataset ?? {};
    if (!link || !tokenFieldId || !kitPlaceholder) return;
    event.preventDefault();
    try {
      const response = await fetch(link.href);
      if (!response.ok) throw new Error(String(response.status));
      const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1];
      if (!name) throw new Error("The response has no file name");
      const { value: token } = /** @type {HTMLInputElement} */ (elementById(tokenFieldId, document));
      const kit = fillKit(new Uint8Array(await response.arrayBuffer()), kitPlaceholder, token);
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
