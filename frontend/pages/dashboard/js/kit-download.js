/**
 * Downloads of kits. Where the page shows a fresh token, it is put into the kit here: it is never sent to the server
 * again. Without this file, and on pages without a token, the links give the kit as the server has it.
 */
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { toast } from "./toast.js";

// The same time as the server's, so that the same kit is the same file.
const MADE_AT = new Date(1980, 0, 1);

/** The kit `zipped` with `token` in place of each `mark`. */
export function fillKit(zipped, mark, token) {
  const files = Object.entries(unzipSync(zipped)).map(([name, bytes]) => {
    const text = strFromU8(bytes, true);
    return [name, text.includes(mark) ? strToU8(text.replaceAll(mark, token), true) : bytes];
  });
  return zipSync(Object.fromEntries(files), { level: 9, mtime: MADE_AT });
}

export function wireKits(document) {
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-kit]");
    if (!link?.dataset.kit) return;
    event.preventDefault();
    try {
      const answer = await fetch(link.href);
      if (!answer.ok) throw new Error(String(answer.status));
      const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition"))[1];
      const token = document.getElementById(link.dataset.kit).value;
      const filled = fillKit(new Uint8Array(await answer.arrayBuffer()), link.dataset.kitMark, token);
      save(document, name, new Blob([filled], { type: "application/zip" }));
    } catch {
      toast(document, "The kit could not be made. Check the connection and press the button again.", true);
    }
  });
}

function save(document, name, blob) {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
