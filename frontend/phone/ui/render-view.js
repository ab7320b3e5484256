/** Shows a view (the texts and buttons that views.js decides on) in the elements of the panel (panel-elements.js). */
import { h, ICONS, icon } from "./dom.js";

/** @import { PanelElements } from "./panel-elements.js" */
/** @import { View } from "./views.js" */

/** @typedef {"more" | "devices"} SheetName */
/**
 * The values that the panel shows in addition to the view.
 * @typedef {object} PanelFlags
 * @property {boolean} isMuted
 * @property {boolean} isKeypadShown True if a person opened the keypad in a call.
 * @property {SheetName | null} sheetName The contents of the settings sheet while it covers the stage.
 * @property {string} sentDigits
 */

/**
 * @param {PanelElements} elements
 * @param {View} view
 * @param {PanelFlags} flags
 */
export function renderView(elements, view, { isMuted, isKeypadShown, sheetName, sentDigits }) {
  const isSheetOpen = sheetName !== null;
  const { showsDialer, isLive, dialError, message, main, secondary } = view;
  elements.entry.hidden = !showsDialer && !view.showsChoices;
  elements.field.element.hidden = !showsDialer;
  elements.field.element.toggleAttribute("data-wrong", Boolean(dialError));
  elements.field.input.setAttribute("aria-invalid", String(Boolean(dialError)));
  elements.field.backspace.hidden = !elements.field.input.value;
  elements.dialError.show(dialError);
  elements.peer.hidden = !view.peer;
  elements.person.textContent = view.person ?? "";
  elements.number.textContent = [view.peer, view.extension].filter(Boolean).join(" ");
  if (!isLive) elements.status.textContent = view.status ?? "";
  elements.status.toggleAttribute("data-live", Boolean(isLive));
  elements.note.textContent = view.note ?? "";
  elements.message.show(message);
  elements.message.element.className = message?.isCalm ? "alert calm" : "alert notice";
  elements.tools.hidden = !isLive;
  // For a call in the pop-out, a person chooses the devices in its window.
  elements.devicesTool.hidden = Boolean(view.isInPopOut);
  elements.sentDigits.textContent = sentDigits;
  elements.sentDigits.hidden = !sentDigits || !isKeypadShown;
  elements.keys.element.hidden = !showsDialer && !(isLive && isKeypadShown);
  elements.keys.showHint(Boolean(showsDialer));
  elements.keypadTool.setAttribute("aria-expanded", String(isKeypadShown));
  elements.muteTool.update(isMuted);
  elements.moreButton.setAttribute("aria-expanded", String(sheetName === "more"));
  elements.devicesTool.setAttribute("aria-expanded", String(sheetName === "devices"));
  elements.stage.hidden = isSheetOpen;
  elements.sheet.hidden = !isSheetOpen;
  // A person who chooses another microphone in a call can still hang up.
  elements.actions.hidden = isSheetOpen && !main.isHangUp;
  elements.main.disabled = Boolean(main.isDisabled);
  elements.main.classList.toggle("stop", Boolean(main.isHangUp));
  elements.main.setAttribute("part", main.isHangUp ? "hang-up" : "call");
  const image = main.isBusy ? [h("span", { class: "spin" })] : main.icon ? [icon(ICONS[main.icon])] : [];
  // New nodes and not a changed text: browsers then count no layout shift.
  elements.main.replaceChildren(...image, main.text);
  elements.secondary.hidden = isSheetOpen || !secondary;
  elements.secondary.textContent = secondary?.text ?? "";
  elements.recentCalls.hidden = isSheetOpen || !showsDialer;
}
