/** The chunk about outcomes of calls: sets one, and asks for one in the panel. Loaded where the organization has any. */
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
 * @param {EpochPhoneOutcome | null} [given]
 */
export async function setOutcome(phone, env, settings, callId, given) {
  const { outcome, note, tags } = given ?? {};
  const remarks = { outcome, note, tags };
  await postForPage(phone, env, settings, "outcome", { call_id: callId, ...remarks }, withFieldErrors);
  phone.events.emit(["callOutcome", { callId, ...remarks }]);
}

/**
 * The server's sentences about single fields say more than that of the whole.
 * @param {Problem} problem
 */
function withFieldErrors(problem) {
  const { errors } = problem.details;
  if (!Array.isArray(errors) || errors.length === 0) return problem;
  const sentences = errors.map(({ field, message }) => `${field}: ${message}`).join("; ");
  return new Problem(problem.code, { message: sentences, details: problem.details });
}
