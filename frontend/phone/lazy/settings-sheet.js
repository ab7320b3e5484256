/** The sheet behind "More": devices and keypad sounds, loaded when it is first opened. */
import { devicePickers } from "../ui/settings-sheet/device-pickers.js";
import { isOff } from "../config.js";
import { STYLES } from "../ui/settings-sheet/styles.js";
import { button, h, icon } from "../ui/dom.js";
import { PREFERENCES_KEY } from "../browser/preferences.js";
import { more as english } from "../i18n/locales/en.js";

const BACK = "m15 5-7 7 7 7";

/** Fill `slot` for `panel`; `close()` leaves. Returns what to do when it is left. */
export function show(panel, slot, close) {
  let leave = () => {};
  const choices = () => {
    leave();
    leave = showChoices(panel, slot, { close, check });
  };
  const check = async () => {
    const shown = leave;
    const { showCheck } = await panel.env.loadChunk("diagnostics-view");
    // Somebody may have left meanwhile.
    if (shown !== leave) return;
    leave();
    leave = showCheck(panel, slot, choices);
  };
  choices();
  return () => {
    leave();
    leave = () => {};
  };
}

/** Devices, sounds, and the way to the check; `check()` rejects with Problem where that cannot be loaded. */
function showChoices(panel, slot, { close, check }) {
  const { phone, env, texts } = panel;
  const words = texts.more ?? english;
  const keep = (change) => {
    Object.assign(env.preferences, change);
    try {
      env.window.localStorage.setItem(PREFERENCES_KEY, JSON.stringify(env.preferences));
    } catch {
      // A page that may store nothing forgets the choice when it is left.
    }
  };
  const devices = devicePickers({ phone, env, words, keep });
  const sounds = h("input", { type: "checkbox", change: () => keep({ sounds: sounds.checked }) });
  sounds.checked = env.preferences.sounds !== false;
  const trouble = h("div", { class: "message", role: "alert" });
  const apart = popOutButton(panel, words, trouble);
  const tryCheck = () =>
    check().catch(({ message, fix }) => {
      trouble.textContent = `${message}. ${fix}`;
    });
  const back = button({ class: "icon", "aria-label": words.back, click: close }, icon(BACK));

  panel.adopt(STYLES);
  slot.replaceChildren(
    h("div", { class: "bar-row" }, back, h("h2", {}, words.title)),
    devices.element,
    h("label", { class: "check" }, sounds, words.sounds),
    button({ class: "second", click: tryCheck }, words.check),
    ...apart,
    trouble,
  );
  back.focus();
  return devices.stop;
}

/** The way to a window for calls and what it is good for; nothing where there is none, or not now. */
function popOutButton({ phone, settings, texts }, words, trouble) {
  if (isOff(settings.popOut) || phone.isInCall) return [];
  let popOut = null;
  const open = () => {
    const problem = popOut.open();
    const [sentence, fix] = (problem && texts.problems?.[problem.code]) ?? [];
    trouble.textContent = [sentence ?? problem?.message, fix].filter(Boolean).join(". ");
  };
  const opener = button({ class: "second", disabled: true, "aria-describedby": "pop-out", click: open }, words.popOut);
  const why = h("p", { class: "fix", id: "pop-out" }, words.popOutWhy);
  phone.popOut(settings).then(
    (found) => {
      popOut = found;
      opener.disabled = !found.canOpen;
    },
    () => {},
  );
  return [opener, why];
}
