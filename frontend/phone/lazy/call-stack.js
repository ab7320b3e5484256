/** What a call needs, loaded with the voice SDK: the line and the attempt, the microphone's causes, the other tabs. */
export { Attempt } from "../call/outgoing-call.js";
export { Line } from "../call/voice-device.js";
export { microphoneBarrier } from "../call/microphone.js";
export { Tabs } from "../call/cross-tab-lock.js";
