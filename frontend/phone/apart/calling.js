/** What is asked of the page and of its other tabs when a call begins: loaded with the voice SDK. */
export { microphoneBarrier, microphoneProblem } from "../microphone.js";
export { Tabs } from "../tabs.js";
