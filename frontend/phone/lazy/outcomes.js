/**
 * The chunk of call outcomes: stores a call's outcome on the server, for a script of the page or for a person, and has
 * the panel's view that asks the person for it. Loaded if the organization has outcomes, or when a page stores one.
 */
export { OutcomeView } from "../ui/outcomes/outcome-view.js";
import { Problem } from "../errors.js";
import { postForPage } from "../session/page-request.js";

/** @import { Phone } from "../core.js" */
/** @import { Environment, Settings } from "../types.d.ts" */

/**
 * Set the outcome, note and tags of a call of this phone's token. Rejects with Problem, and emits `error`, if the server
 * refuses or cannot be reached.
 * @param {Phone} phone
 * @param {Environment} env
 * @param {Settings} settings
 * @param {string} callId
 * @param {EpochPhoneOutcome | null} [values]
 */
export async function setOutcome(phone, env, settings, callId, values) {
  const { outcome, note, tags } = values ?? {};
  const remarks = { outcome, note, tags };
  await postForPage(phone, env, settings, "outcome", { call_id: callId, ...remarks }, withFieldErrors);
  phone.events.emit(["callOutcome", { callId, ...remarks }]);
}

/**
 * `problem` with the server's sentences about single fields in place of its general sentence.
 * @param {Problem} problem
 */
function withFieldErrors(problem) {
  const { errors } = problem.details;
  if (!Array.isArray(errors) || errors.length === 0) return problem;
  const sentences = errors.map(({ field, message }) => `${field}: ${message}`).join("; ");
  return new Problem(problem.code, { message: sentences, details: problem.details });
}
