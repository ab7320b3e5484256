/** Copies the details of a problem to the clipboard, for the person who helps with it. */

/** @import { Environment } from "../types.d.ts" */

const COPIED_MS = 2_000;

/**
 * Nothing happens if the browser does not allow it.
 * @param {{message: string, code: string, fix?: string}} problem
 * @param {Environment} env
 * @param {{copied: () => void, later: () => void}} on `copied` shows that it was; `later` shows what was there before.
 */
export async function copyDetails(problem, env, { copied, later }) {
  if (!(await write(problem, env))) return;
  copied();
  setTimeout(later, COPIED_MS);
}

/**
 * @param {{message: string, code: string, fix?: string}} problem
 * @param {Environment} env
 */
async function write({ message, code, fix }, { navigator, window, now }) {
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
