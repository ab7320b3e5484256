/** The part of the voice SDK that the phone uses, built into a chunk of its own. */
export { Device } from "@twilio/voice-sdk";
