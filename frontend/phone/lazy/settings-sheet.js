/** The sheet behind "More", loaded when it is first opened: devices, keypad sounds, diagnostics, pop-out. */
import { PREFERENCES_KEY } from "../browser/preferences.js";
import { isOff } from "../config.js";
import { settingsSheet as english } from "../i18n/locales/en.js";
import { button, h, icon } from "../ui/dom.js";
import { BACK_ICON } from "../ui/settings-sheet/icons.js";
import { devicePickers } from "../ui/settings-sheet/device-pickers.js";
import { SETTINGS_STYLES } from "../ui/settings-sheet/styles.js";

/** @import { Problem } from "../errors.js" */
/** @import { Preferences } from "../types.d.ts" */
/** @import { Panel } from "../ui/panel.js" */
/** @import { PopOut } from "./pop-out.js" */

/**
 * Fill `sheet` for `panel`. Returns what to do when the sheet is closed.
 * @param {Panel} panel
 * @param {HTMLElement} sheet
 * @param {() => void} close
 */
export function showSettingsSheet(panel, sheet, close) {
  let leave = () => {};
  const showSettings = () => {
    leave();
    leave = fillSettings(panel, sheet, { close, showDiagnostics });
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
 * @param {{close: () => void, showDiagnostics: () => Promise<void>}} actions `showDiagnostics` rejects with Problem if its
 *   chunk cannot be loaded.
 */
function fillSettings(panel, sheet, { close, showDiagnostics }) {
  const { phone, env, texts } = panel;
  const words = texts.settingsSheet ?? english;
  /** @param {Preferences} change */
  const savePreferences = (change) => {
    Object.assign(env.preferences, change);
    try {
      env.window.localStorage.setItem(PREFERENCES_KEY, JSON.stringify(env.preferences));
    } catch {
      // A page that may store nothing forgets the choice when it is left.
    }
  };
  const devices = devicePickers({ phone, env, words, savePreferences });
  const sounds = h("input", { type: "checkbox", change: () => savePreferences({ sounds: sounds.checked }) });
  sounds.checked = env.preferences.sounds !== false;
  const problemText = h("div", { class: "message", role: "alert" });
  const popOut = popOutButton(panel, words, problemText);
  const tryDiagnostics = () =>
    showDiagnostics().catch((/** @type {Problem} */ { message, fix }) => {
      problemText.textContent = `${message}. ${fix}`;
    });
  const back = button({ class: "icon", "aria-label": words.back, click: close }, icon(BACK_ICON));

  panel.adoptStyles(SETTINGS_STYLES);
  sheet.replaceChildren(
    h("div", { class: "bar-row" }, back, h("h2", {}, words.title)),
    devices.element,
    h("label", { class: "check" }, sounds, words.sounds),
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
    const [sentence, fix] = (problem && texts.problems?.[problem.code]) ?? [];
    problemText.textContent = [sentence ?? problem?.message, fix].filter(Boolean).join(". ");
  };
  const opener = button({ class: "second", disabled: true, "aria-describedby": "pop-out", click: open }, words.popOut);
  const reason = h("p", { class: "fix", id: "pop-out" }, words.popOutWhy);
  phone.getPopOut(settings).then(
    (loaded) => {
      popOut = loaded;
      opener.disabled = !loaded.canOpen;
    },
    () => {},
  );
  return [opener, reason];
}
