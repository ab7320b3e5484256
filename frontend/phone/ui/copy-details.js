/** Copies the details of a problem to the clipboard, so that a person can send them to support. */

/** @import { Environment } from "../types.d.ts" */

const COPIED_SHOWN_MS = 2_000;

/**
 * Copy the details. Nothing happens if the browser does not allow it.
 * @param {{message: string, code: string, fix?: string}} problem
 * @param {Environment} env
 * @param {{showCopied: () => void, restore: () => void}} handlers `restore` replaces what `showCopied` showed, after 2 s.
 */
export async function copyDetails(problem, env, { showCopied, restore }) {
  if (!(await writeToClipboard(problem, env))) return;
  showCopied();
  setTimeout(restore, COPIED_SHOWN_MS);
}

/**
 * True if the details were written.
 * @param {{message: string, code: string, fix?: string}} problem
 * @param {Environment} env
 */
async function writeToClipboard({ message, code, fix }, { navigator, window, now }) {
  const time = new Date(now()).toISOString();
  const lines = [`${message} (${code})`, fix ?? "", window.location.origin, navigator.userAgent, time];
  try {
    await navigator.clipboard.writeText(lines.join("\n"));
    return true;
  } catch {
    // A page or a frame may forbid the clipboard; the panel shows the sentence and the fix anyway.
    return false;
  }
}
