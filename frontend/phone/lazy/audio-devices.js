/** Uses other audio devices than the system's: those a person chose, or another one after one was unplugged. */

/** @import { AudioHelper } from "@twilio/voice-sdk" */
/** @import { DeviceKind, Environment } from "../types.d.ts" */

/**
 * A stream of the chosen microphone if the SDK asks for no other one; of any microphone if the chosen one is gone.
 * @param {MediaStreamConstraints} constraints
 * @param {Environment} env
 */
export async function openMicrophone(constraints, { navigator, preferences }) {
  const media = navigator.mediaDevices;
  const audio = typeof constraints.audio === "object" ? constraints.audio : {};
  const wanted = /** @type {{exact?: string} | undefined} */ (audio.deviceId)?.exact ?? "default";
  if (wanted !== "default") return media.getUserMedia(constraints);
  try {
    const chosen = { ...audio, deviceId: { exact: preferences.microphone ?? "" } };
    return await media.getUserMedia({ ...constraints, audio: chosen });
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
 * Switch the call to another microphone. A device called "default" is opened by the SDK itself.
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
 * @param {string} id "" is the system's default.
 */
export function useDevice(audio, kind, id) {
  if (kind === "speaker") return audio.speakerDevices.set(id || defaultOf(audio.availableOutputDevices));
  return audio.setInputDevice(id || defaultOf(audio.availableInputDevices));
}

/** @param {Map<string, MediaDeviceInfo>} devices */
const defaultOf = (devices) => (devices.has("default") ? "default" : (devices.keys().next().value ?? ""));
