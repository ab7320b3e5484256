/** Copies the details of a problem to the clipboard, for the person who helps with it. */

/** @import { Environment } from "../types.d.ts" */

/**
 * False if the browser does not allow it.
 * @param {{message: string, code: string, fix?: string}} problem
 * @param {Environment} env
 */
export async function copyDetails({ message, code, fix }, { navigator, window, now }) {
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
