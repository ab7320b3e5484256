/** The chunk with what a call in this page needs besides the voice SDK. */
export { CallLock } from "../call/cross-tab-lock.js";
export { findMicrophoneObstacle } from "../call/microphone.js";
export { OutgoingCall } from "../call/outgoing-call.js";
export { VoiceDevice } from "../call/voice-device.js";
