/**
 * The chunk of voicemail drop: leaves a recording, a voicemail greeting, in the mailbox that an outgoing call has reached.
 * Loaded in a connected call.
 */
import { knownFixes, Problem } from "../errors.js";
import { voicemailFixes } from "../i18n/locales/en.js";
import { emitError, postForPage } from "../session/page-request.js";
import { callsWithVoicemailDrop } from "../ui/voicemail-drop/calls-with-voicemail-drop.js";

export { VoicemailDropView } from "../ui/voicemail-drop/voicemail-drop-view.js";

/** @import { Phone } from "../core.js" */
/** @import { Environment, Settings } from "../types.d.ts" */

const NOT_CONNECTED = "A greeting can be left only in an outgoing call that is connected";

// The chunk has its own copy of errors.js.
Object.assign(knownFixes, voicemailFixes);

/**
 * Ask the server to play a voicemail greeting into the mailbox, then hang up: the carrier keeps the mailbox's side of the
 * call until the greeting has ended. Rejects with Problem, and emits `error`, if there is no connected call, or if the
 * server refuses or cannot be reached; the call then continues.
 * @param {Phone} phone
 * @param {Environment} env
 * @param {Settings} settings
 * @param {string | null} [greetingId] The voicemail greeting; without it the person's newest one, else the newest shared
 *   one.
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
  callsWithVoicemailDrop.add(callId);
  if (phone.isInCall && phone.call?.callId === callId) phone.hangup();
  // The call may have ended before the server's response: let the panel show the result.
  else phone.set({});
}
