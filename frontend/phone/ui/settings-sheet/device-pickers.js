/** Which microphone and which speaker, chosen by the person who calls. */
import { use } from "../../lazy/audio-devices.js";
import { h } from "../dom.js";

// Chromium lists the system's choice once more under these names.
const ALIASES = new Set(["default", "communications", ""]);

/**
 * Two pickers for `phone`'s devices; `words` of the language, `keep(preferences)` remembers a choice.
 * Returns `{element, stop}`.
 */
export function devicePickers({ phone, env, words, keep }) {
  const { navigator, preferences } = env;
  const media = navigator.mediaDevices;
  const note = h("div", { class: "fix", role: "status" });
  const microphone = picker(words.microphone, (id) => choose("microphone", id));
  const speaker = picker(words.speaker, (id) => choose("speaker", id));
  const hint = h("p", { class: "fix" });
  const element = h("div", {}, microphone.element, speaker.element, hint, note);
  const canChooseSpeaker = "setSinkId" in HTMLMediaElement.prototype;
  speaker.select.disabled = !canChooseSpeaker;

  const choose = async (kind, id) => {
    note.textContent = "";
    const before = preferences[kind];
    // The SDK asks for its default microphone, and the phone gives it the one that is chosen by then.
    preferences[kind] = id;
    try {
      if (phone.audio) await use(phone.audio, kind, id);
      keep({ [kind]: id });
    } catch {
      preferences[kind] = before;
      note.textContent = words.notUsed;
      list();
    }
  };
  const list = async () => {
    const devices = (await media?.enumerateDevices().catch(() => [])) ?? [];
    const isNamed = devices.some(({ label }) => label);
    fill(microphone.select, devices, "audioinput", preferences.microphone, words);
    fill(speaker.select, canChooseSpeaker ? devices : [], "audiooutput", preferences.speaker, words);
    hint.textContent = isNamed ? (canChooseSpeaker ? "" : words.noSpeaker) : words.asleep;
    hint.hidden = !hint.textContent;
  };
  media?.addEventListener?.("devicechange", list);
  list();
  return { element, stop: () => media?.removeEventListener?.("devicechange", list) };
}

function picker(label, choose) {
  const select = h("select", { change: () => choose(select.value) });
  return { select, element: h("label", { class: "pick" }, h("span", {}, label), select) };
}

function fill(select, devices, kind, chosen, words) {
  const real = devices.filter((device) => device.kind === kind && device.deviceId && !ALIASES.has(device.deviceId));
  const options = real.map(({ deviceId, label }, index) =>
    h("option", { value: deviceId }, label || `${words.unnamed} ${index + 1}`),
  );
  select.replaceChildren(h("option", { value: "" }, words.standard), ...options);
  select.value = real.some(({ deviceId }) => deviceId === chosen) ? chosen : "";
}
