/**
 * The chunk that opens and switches audio devices: those that a person chose, and another microphone after one was
 * unplugged.
 */

/** @import { AudioHelper } from "@twilio/voice-sdk" */
/** @import { DeviceKind, Environment } from "../types.d.ts" */

/**
 * Open the microphone that the person chose, if the SDK asks for the default one; any microphone if the chosen one is
 * unplugged.
 * @param {MediaStreamConstraints} constraints
 * @param {Environment} env
 */
export async function openMicrophone(constraints, { navigator, preferences }) {
  const media = navigator.mediaDevices;
  const audio = typeof constraints.audio === "object" ? constraints.audio : {};
  const requestedId = /** @type {{exact?: string} | undefined} */ (audio.deviceId)?.exact ?? "default";
  if (requestedId !== "default") return media.getUserMedia(constraints);
  try {
    const chosenAudio = { ...audio, deviceId: { exact: preferences.microphone ?? "" } };
    return await media.getUserMedia({ ...constraints, audio: chosenAudio });
  } catch (error) {
    const { name } = /** @type {DOMException} */ (error);
    if (name !== "OverconstrainedError" && name !== "NotFoundError") throw error;
    return media.getUserMedia(constraints);
  }
}

/**
 * Play calls on the chosen speaker, if it is plugged in.
 * @param {AudioHelper} audio
 * @param {{speaker?: string}} preferences
 */
export function useSpeaker({ availableOutputDevices, speakerDevices }, { speaker }) {
  if (speaker && availableOutputDevices.has(speaker)) speakerDevices.set(speaker).catch(() => {});
}

/**
 * Switch the call to any microphone that is plugged in. Does nothing if there is a device "default": the SDK opens it.
 * @param {AudioHelper | null | undefined} audio
 */
export function useAnyMicrophone(audio) {
  if (!audio || audio.availableInputDevices.has("default")) return;
  const next = audio.availableInputDevices.keys().next().value;
  if (next) audio.setInputDevice(next).catch(() => {});
}

/**
 * Switch the live call to a device. Rejects if it cannot be used.
 * @param {AudioHelper} audio
 * @param {DeviceKind} kind
 * @param {string} id The device id; "" for the system's default.
 */
export function useDevice(audio, kind, id) {
  if (kind === "speaker") return audio.speakerDevices.set(id || defaultOf(audio.availableOutputDevices));
  return audio.setInputDevice(id || defaultOf(audio.availableInputDevices));
}

/** @param {Map<string, MediaDeviceInfo>} devices */
const defaultOf = (devices) => (devices.has("default") ? "default" : (devices.keys().next().value ?? ""));
