/** The voice SDK's part that phone.js uses; built into a chunk of its own, loaded when it is needed. */
export { Device } from "@twilio/voice-sdk";
