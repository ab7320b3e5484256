/**
 * The chunk with the part of Twilio's voice SDK that the phone uses, and with functions that create the SDK's audio
 * context and open its connection to the carrier before a call. Loading it corrects a leak of listeners in the SDK.
 */
import { Device as VoiceDevice } from "@twilio/voice-sdk";
import PeerConnection from "../node_modules/@twilio/voice-sdk/esm/twilio/rtc/peerconnection.js";
import { removeListenersAtEnd } from "./listeners-at-end.js";

/** @import { Device as SdkDevice } from "@twilio/voice-sdk" */

removeListenersAtEnd(PeerConnection);

export const Device = VoiceDevice;

/**
 * Create the audio context that all `Device` objects share, unless it exists. Otherwise the first `Device` creates it
 * while it is constructed.
 */
export function createAudioContext() {
  /** @type {any} */ (VoiceDevice)._getOrCreateAudioContext();
}

/**
 * Open the connection to the carrier as `connect()` does it, without a call. `register()` would also announce this browser
 * as ready for incoming calls. Rejects if the carrier closes the connection.
 * @param {SdkDevice} device
 * @returns {Promise<unknown>}
 */
export function connectSignaling(device) {
  const internals = /** @type {any} */ (device);
  return internals._streamConnectedPromise ?? internals._setupStream();
}
