/** The chunk of the panel's settings sheet ("More"): devices, keypad sounds, moving the panel, diagnostics, pop-out. */
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
 * Show the settings in `sheet`. Returns a function to be called when the sheet is closed.
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
    // The person may have closed the sheet while the chunk was loading.
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
  const sheetTexts = texts.settingsSheet ?? english;
  /** @param {Preferences} change */
  const save = (change) => savePreferences(env, change);
  const pickers = devicePickers({ phone, env, texts: sheetTexts, savePreferences: save });
  const sounds = h("input", { type: "checkbox", change: () => save({ sounds: sounds.checked }) });
  sounds.checked = env.preferences.sounds !== false;
  const moveRow = h("div");
  env.loadChunk("panel-mover").then(
    ({ moverOf }) => {
      const mover = moverOf(panel);
      if (mover) moveRow.replaceChildren(moveButtons(mover, sheetTexts));
    },
    () => {},
  );
  const problemText = h("div", { class: "message", role: "alert" });
  const popOut = popOutButton(panel, sheetTexts, problemText);
  const tryDiagnostics = () =>
    showDiagnostics().catch((/** @type {Problem} */ { message, fix }) => {
      problemText.textContent = `${message}. ${fix}`;
    });
  const back = button({ class: "icon", "aria-label": sheetTexts.back, click: close }, icon(BACK_ICON));

  panel.adoptStyles(SETTINGS_STYLES);
  sheet.replaceChildren(
    h("div", { class: "bar-row" }, back, h("h2", {}, isForDevices ? texts.core.devices : sheetTexts.title)),
    pickers.element,
  );
  if (isForDevices) {
    pickers.focus();
    return pickers.stop;
  }
  sheet.append(
    h("label", { class: "check" }, sounds, sheetTexts.sounds),
    moveRow,
    button({ class: "second", click: tryDiagnostics }, sheetTexts.check),
    ...popOut,
    problemText,
  );
  back.focus();
  return pickers.stop;
}

/**
 * The button that opens the pop-out, and a text that says what it is for; nothing during a call or if the page has
 * switched the pop-out off.
 * @param {Panel} panel
 * @param {typeof english} sheetTexts
 * @param {HTMLElement} problemText
 */
function popOutButton({ phone, settings, texts }, sheetTexts, problemText) {
  if (isOff(settings.popOut) || phone.isInCall) return [];
  /** @type {PopOut | null} */
  let popOut = null;
  const open = () => {
    const problem = popOut?.open();
    const [sentence, fix] = texts.problems?.[problem?.code ?? ""] ?? [];
    problemText.textContent = [sentence ?? problem?.message, fix ?? problem?.fix].filter(Boolean).join(". ");
  };
  const openButton = button(
    { class: "second", disabled: true, "aria-describedby": "pop-out", click: open },
    sheetTexts.popOut,
  );
  const reason = h("p", { class: "fix", id: "pop-out" }, sheetTexts.popOutWhy);
  phone.calls.getPopOut(settings).then(
    (loaded) => {
      popOut = loaded;
      openButton.disabled = !loaded.canOpen;
    },
    () => {},
  );
  return [openButton, reason];
}
