/** The chunk about leaving a greeting in the mailbox that a call has reached. Loaded in a connected call. */
import { knownFixes, Problem } from "../errors.js";
import { voicemailFixes } from "../i18n/locales/en.js";
import { emitError, postForPage } from "../session/page-request.js";
import { leftGreetings } from "../ui/voicemail/left-greetings.js";

export { VoicemailView } from "../ui/voicemail/voicemail-view.js";

/** @import { Phone } from "../core.js" */
/** @import { Environment, Settings } from "../types.d.ts" */

const NOT_CONNECTED = "A greeting can be left only in an outgoing call that is connected";

// The chunk has a copy of errors.js of its own.
Object.assign(knownFixes, voicemailFixes);

/**
 * Let the mailbox hear a greeting; the call is then over for this phone. Rejects with Problem, and emits `error`, if there is
 * no connected call, the server refuses or it cannot be reached: the call then goes on.
 * @param {Phone} phone
 * @param {Environment} env
 * @param {Settings} settings
 * @param {string | null} [greetingId] Otherwise the person's newest greeting, else the newest shared one.
 */
export async function dropVoicemail(phone, env, settings, greetingId) {
  const { call } = phone;
  if (phone.state !== "in-progress" || !call) {
    const problem = new Problem("call_not_connected", { message: NOT_CONNECTED });
    emitError(phone, problem);
    throw problem;
  }
  const { callId } = call;
  await postForPage(phone, env, settings, "voicemail-drop", { call_id: callId, greeting_id: greetingId ?? null });
  leftGreetings.add(callId);
  if (phone.isInCall && phone.call?.callId === callId) phone.hangup();
  // The carrier may have ended the call before the answer came: let the panel show that the greeting is left.
  else phone.set({});
}
