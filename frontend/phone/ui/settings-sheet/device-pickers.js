/** Builds the lists in which a person chooses the microphone and the speaker. */
import { useDevice } from "../../lazy/audio-devices.js";
import { h } from "../dom.js";

/** @import { Phone } from "../../core.js" */
/** @import { settingsSheet } from "../../i18n/locales/en.js" */
/** @import { DeviceKind, Environment, Preferences } from "../../types.d.ts" */

// Chromium lists the system's default again under these ids.
const DEFAULT_DEVICE_IDS = new Set(["default", "communications", ""]);

/**
 * The pickers for `phone`; `focus()` focuses the first one, `stop()` ends the watch for new devices.
 * @param {object} options
 * @param {Phone} options.phone
 * @param {Environment} options.env
 * @param {typeof settingsSheet} options.texts
 * @param {(change: Preferences) => void} options.savePreferences
 */
export function devicePickers({ phone, env, texts, savePreferences }) {
  const { navigator, preferences } = env;
  const media = /** @type {MediaDevices | undefined} */ (navigator.mediaDevices);
  const failure = h("div", { class: "fix", role: "status" });
  const microphone = picker(texts.microphone, (id) => choose("microphone", id));
  const speaker = picker(texts.speaker, (id) => choose("speaker", id));
  const hint = h("p", { class: "fix" });
  const element = h("div", {}, microphone.element, speaker.element, hint, failure);
  const canChooseSpeaker = "setSinkId" in HTMLMediaElement.prototype;
  speaker.select.disabled = !canChooseSpeaker;

  /**
   * @param {DeviceKind} kind
   * @param {string} id
   */
  const choose = async (kind, id) => {
    failure.textContent = "";
    const previous = preferences[kind];
    // Set first: the SDK then requests its default microphone, and the phone answers with the preferred one.
    preferences[kind] = id;
    try {
      const audio = phone.calls.callStack?.audio;
      if (audio) await useDevice(audio, kind, id);
      savePreferences({ [kind]: id });
    } catch {
      preferences[kind] = previous;
      failure.textContent = texts.deviceNotUsable;
      list();
    }
  };
  const list = async () => {
    const devices = (await media?.enumerateDevices().catch(() => [])) ?? [];
    const areNamesKnown = devices.some(({ label }) => label);
    fill(microphone.select, devices, "audioinput", preferences.microphone, texts);
    fill(speaker.select, canChooseSpeaker ? devices : [], "audiooutput", preferences.speaker, texts);
    hint.textContent = areNamesKnown ? (canChooseSpeaker ? "" : texts.speakerNotSelectable) : texts.namesHidden;
    hint.hidden = !hint.textContent;
  };
  media?.addEventListener?.("devicechange", list);
  list();
  return {
    element,
    focus: () => microphone.select.focus(),
    stop: () => media?.removeEventListener?.("devicechange", list),
  };
}

/**
 * @param {string} label
 * @param {(id: string) => void} onChoose
 */
function picker(label, onChoose) {
  const select = h("select", { change: () => onChoose(select.value) });
  return { select, element: h("label", { class: "pick" }, h("span", {}, label), select) };
}

/**
 * @param {HTMLSelectElement} select
 * @param {MediaDeviceInfo[]} devices
 * @param {MediaDeviceKind} kind
 * @param {string | undefined} chosen
 * @param {typeof settingsSheet} texts
 */
function fill(select, devices, kind, chosen, texts) {
  const listed = devices.filter(
    (device) => device.kind === kind && device.deviceId && !DEFAULT_DEVICE_IDS.has(device.deviceId),
  );
  const options = listed.map(({ deviceId, label }, index) =>
    h("option", { value: deviceId }, label || `${texts.unnamedDevice} ${index + 1}`),
  );
  select.replaceChildren(h("option", { value: "" }, texts.systemDefault), ...options);
  select.value = chosen && listed.some(({ deviceId }) => deviceId === chosen) ? chosen : "";
}
