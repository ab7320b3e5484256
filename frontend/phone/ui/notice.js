/** Tells beside a call, which goes on, why something did not happen. */
import { Problem } from "../errors.js";

/** @import { Phone } from "../core.js" */
/** @import { Environment } from "../types.d.ts" */

const NOTICE_MS = 8_000;

/**
 * Show for some seconds beside the present call why something did not happen.
 * @param {Phone} phone
 * @param {Environment} env
 * @param {string} code Of the problem.
 */
export async function showNotice(phone, env, code) {
  const notice = new Problem(code);
  phone.set({ notice });
  await env.wait(NOTICE_MS);
  if (phone.notice === notice) phone.set({ notice: null });
}
