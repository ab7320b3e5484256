/**
 * Sends a page's or a person's request about a call (its outcome, a voicemail drop) to the server, with the phone's
 * credentials; emits `error` on failure.
 */
import { asProblem } from "../errors.js";
import { post } from "./api-client.js";

/** @import { Phone } from "../core.js" */
/** @import { Problem } from "../errors.js" */
/** @import { Credentials, Environment, Settings } from "../types.d.ts" */

/**
 * The fields that the server requires. The newest ticket has the identity of the phone's calls.
 * @param {Phone} phone
 * @param {Settings} settings
 * @returns {Credentials}
 */
export const credentialsOf = (phone, settings) => ({
  token: String(settings.token).trim(),
  ticket: phone.exchangeResponse?.ticket ?? settings.ticket,
});

/**
 * Emit `error` for a failed request of the page or a person.
 * @param {Phone} phone
 * @param {Problem} problem
 */
export function emitError(phone, { message, code, fix }) {
  phone.events.emit(["error", { message, code, ...(fix ? { help: fix } : {}) }]);
}

/**
 * POST `body`. Rejects with Problem, and emits `error`, if the server refuses or cannot be reached.
 * @param {Phone} phone
 * @param {Environment} env
 * @param {Settings} settings
 * @param {"outcome" | "voicemail-drop"} path
 * @param {object} body
 * @param {(problem: Problem) => Problem} [explain] Returns the problem with a more specific sentence.
 */
export async function postForPage(phone, env, settings, path, body, explain = (problem) => problem) {
  try {
    await post(env, env.base, path, { ...credentialsOf(phone, settings), ...body });
  } catch (error) {
    const problem = explain(asProblem(error, "service_unavailable"));
    emitError(phone, problem);
    throw problem;
  }
}
