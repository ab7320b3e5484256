/** The sheet behind "More", loaded when it is first opened: devices, keypad sounds, diagnostics, pop-out. */
import { savePreferences } from "../browser/preferences.js";
import { isOff } from "../config.js";
import { settingsSheet as english } from "../i18n/locales/en.js";
import { button, h, icon } from "../ui/dom.js";
import { BACK_ICON } from "../ui/settings-sheet/icons.js";
import { devicePickers } from "../ui/settings-sheet/device-pickers.js";
import { moveButtons } from "../ui/settings-sheet/move-buttons.js";
import { SETTINGS_STYLES } from "../ui/settings-sheet/styles.js";

/** @import { Problem } from "../errors.js" */
/** @import { Preferences } from "../types.d.ts" */
/** @import { Panel } from "../ui/panel.js" */
/** @import { SheetName } from "../ui/render-view.js" */
/** @import { PopOut } from "./pop-out.js" */

/**
 * Fill `sheet` for `panel`. Returns what to do when the sheet is closed.
 * @param {Panel} panel
 * @param {HTMLElement} sheet
 * @param {() => void} close
 * @param {SheetName} name
 */
export function showSettingsSheet(panel, sheet, close, name) {
  const isForDevices = name === "devices";
  let leave = () => {};
  const showSettings = () => {
    leave();
    leave = fillSettings(panel, sheet, { close, showDiagnostics, isForDevices });
  };
  const showDiagnostics = async () => {
    const leaveSettings = leave;
    const { fillDiagnostics } = await panel.env.loadChunk("diagnostics-view");
    // The person may have closed the sheet meanwhile.
    if (leaveSettings !== leave) return;
    leave();
    leave = fillDiagnostics(panel, sheet, showSettings);
  };
  showSettings();
  return () => {
    leave();
    leave = () => {};
  };
}

/**
 * @param {Panel} panel
 * @param {HTMLElement} sheet
 * @param {{close: () => void, showDiagnostics: () => Promise<void>, isForDevices: boolean}} options `showDiagnostics` rejects
 *   with Problem if its chunk cannot be loaded.
 */
function fillSettings(panel, sheet, { close, showDiagnostics, isForDevices }) {
  const { phone, env, texts } = panel;
  const words = texts.settingsSheet ?? english;
  /** @param {Preferences} change */
  const save = (change) => savePreferences(env, change);
  const devices = devicePickers({ phone, env, words, savePreferences: save });
  const sounds = h("input", { type: "checkbox", change: () => save({ sounds: sounds.checked }) });
  sounds.checked = env.preferences.sounds !== false;
  const place = h("div");
  env.loadChunk("drag").then(
    ({ moverOf }) => {
      const mover = moverOf(panel);
      if (mover) place.replaceChildren(moveButtons(mover, words));
    },
    () => {},
  );
  const problemText = h("div", { class: "message", role: "alert" });
  const popOut = popOutButton(panel, words, problemText);
  const tryDiagnostics = () =>
    showDiagnostics().catch((/** @type {Problem} */ { message, fix }) => {
      problemText.textContent = `${message}. ${fix}`;
    });
  const back = button({ class: "icon", "aria-label": words.back, click: close }, icon(BACK_ICON));

  panel.adoptStyles(SETTINGS_STYLES);
  sheet.replaceChildren(
    h("div", { class: "bar-row" }, back, h("h2", {}, isForDevices ? texts.core.devices : words.title)),
    devices.element,
  );
  if (isForDevices) {
    devices.focus();
    return devices.stop;
  }
  sheet.append(
    h("label", { class: "check" }, sounds, words.sounds),
    place,
    button({ class: "second", click: tryDiagnostics }, words.check),
    ...popOut,
    problemText,
  );
  back.focus();
  return devices.stop;
}

/**
 * The button that opens the pop-out and what it is good for; nothing during a call or where the page has switched it off.
 * @param {Panel} panel
 * @param {typeof english} words
 * @param {HTMLElement} problemText
 */
function popOutButton({ phone, settings, texts }, words, problemText) {
  if (isOff(settings.popOut) || phone.isInCall) return [];
  /** @type {PopOut | null} */
  let popOut = null;
  const open = () => {
    const problem = popOut?.open();
    const [sentence, fix] = texts.problems?.[problem?.code ?? ""] ?? [];
    problemText.textContent = [sentence ?? problem?.message, fix ?? problem?.fix].filter(Boolean).join(". ");
  };
  const opener = button({ class: "second", disabled: true, "aria-describedby": "pop-out", click: open }, words.popOut);
  const reason = h("p", { class: "fix", id: "pop-out" }, words.popOutWhy);
  phone.calls.getPopOut(settings).then(
    (loaded) => {
      popOut = loaded;
      opener.disabled = !loaded.canOpen;
    },
    () => {},
  );
  return [opener, reason];
}
