/** Devices other than the system's: chosen by a person, or the next one when one is unplugged in a call. */

/** A stream of the chosen microphone where the SDK asks for any; of any where the chosen one is gone. */
export async function record(constraints, { navigator, preferences }) {
  const media = navigator.mediaDevices;
  const asked = constraints.audio?.deviceId?.exact ?? "default";
  if (asked !== "default") return media.getUserMedia(constraints);
  try {
    const audio = { ...constraints.audio, deviceId: { exact: preferences.microphone } };
    return await media.getUserMedia({ ...constraints, audio });
  } catch (error) {
    if (error.name !== "OverconstrainedError" && error.name !== "NotFoundError") throw error;
    return media.getUserMedia(constraints);
  }
}

/** Play calls on the chosen speaker, where it is plugged in. */
export function useSpeaker({ availableOutputDevices, speakerDevices }, { speaker }) {
  if (availableOutputDevices.has(speaker)) speakerDevices.set(speaker).catch(() => {});
}

/** Go on with another microphone. A device called "default" is opened by the SDK itself. */
export function useAnyMicrophone(audio) {
  if (!audio || audio.availableInputDevices.has("default")) return;
  const next = audio.availableInputDevices.keys().next().value;
  if (next) audio.setInputDevice(next).catch(() => {});
}

/** Use `id`, "" for the system's, as `kind` in the live call of `audio` (the SDK's). Rejects when it cannot be used. */
export function use(audio, kind, id) {
  if (kind === "speaker") return audio.speakerDevices.set(id || systemOf(audio.availableOutputDevices));
  return audio.setInputDevice(id || systemOf(audio.availableInputDevices));
}

const systemOf = (devices) => (devices.has("default") ? "default" : devices.keys().next().value);
