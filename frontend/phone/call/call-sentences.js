/** The English sentences of the errors that occur only with a call: phone.js gets them with the chunk `call-stack`. */
import { SENTENCES } from "../errors.js";

/** @type {Record<string, string>} */
export const callSentences = {
  microphone_denied: "Microphone access was denied",
  microphone_dismissed: "The microphone question was closed",
  microphone_not_found: "No microphone was found",
  microphone_in_use: "The microphone is in use by another program",
  microphone_blocked: "The microphone is blocked by this page's policy",
  insecure_page: "The microphone needs a secure page",
  connection_failed: "The call could not be connected",
  window_blocked: "The browser blocked the phone's window",
  window_lost: "The phone's window does not answer",
  call_in_progress: "A call is in progress",
  call_elsewhere: "A call is already in progress in another tab",
  call_refused: "The call was refused",
};
// Each chunk has its own copy of errors.js.
Object.assign(SENTENCES, callSentences);
