/** Shows a problem in the panel for 8 s during a call that the problem does not end. */
import { Problem } from "../errors.js";

/** @import { Phone } from "../core.js" */
/** @import { Environment } from "../types.d.ts" */

const NOTICE_MS = 8_000;

/**
 * Show the problem with `code` beside the present call for 8 s.
 * @param {Phone} phone
 * @param {Environment} env
 * @param {string} code
 */
export async function showNotice(phone, env, code) {
  const notice = new Problem(code);
  phone.set({ notice });
  await env.wait(NOTICE_MS);
  if (phone.notice === notice) phone.set({ notice: null });
}
