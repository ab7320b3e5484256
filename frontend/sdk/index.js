/** The part of the voice SDK that the phone uses, built into a chunk of its own. */
import PeerConnection from "../node_modules/@twilio/voice-sdk/esm/twilio/rtc/peerconnection.js";
import { removeListenersAtEnd } from "./listeners-at-end.js";

removeListenersAtEnd(PeerConnection);

export { Device } from "@twilio/voice-sdk";
