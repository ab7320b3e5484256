/** What a call needs, loaded with the voice SDK: the line and the attempt, the microphone's causes, the other tabs. */
export { Attempt } from "../attempt.js";
export { Line } from "../line.js";
export { microphoneBarrier } from "../microphone.js";
export { Tabs } from "../tabs.js";
