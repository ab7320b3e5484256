/** The chunk with what a call in this page needs besides the voice SDK. */
import { knownFixes } from "../errors.js";
import { fixes as problemFixes, statusHints } from "../i18n/locales/en.js";

// The chunk has a copy of errors.js of its own, for the problems that it makes; phone.js adds them to the other one.
export const fixes = { ...problemFixes, ...statusHints };
Object.assign(knownFixes, fixes);

export { CallLock } from "../call/cross-tab-lock.js";
export { callSentences as sentences } from "../call/call-sentences.js";
export { findMicrophoneObstacle } from "../call/microphone.js";
export { OutgoingCall } from "../call/outgoing-call.js";
export { VoiceDevice } from "../call/voice-device.js";
export { showNotice } from "../ui/notice.js";
