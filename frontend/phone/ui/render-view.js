/** Puts a view (views.js) into the elements of the panel (frame.js). */
import { h, ICONS, icon } from "./dom.js";

/** `view` with `muted`, `sheet` (whether it covers the stage), `keypad` (whether asked for in a call) and `sent`. */
export function showView(parts, view) {
  const { entry, live, complaint, result, main, second, muted, sheet, keypad, sent } = view;
  parts.entry.hidden = !entry;
  parts.field.element.toggleAttribute("data-wrong", Boolean(complaint));
  parts.field.input.setAttribute("aria-invalid", Boolean(complaint));
  parts.field.backspace.hidden = !parts.field.input.value;
  parts.complaint.show(complaint?.message, complaint?.fix);
  parts.peer.hidden = !view.peer;
  parts.number.textContent = view.peer;
  if (!live) parts.status.textContent = view.status ?? "";
  parts.status.toggleAttribute("data-live", Boolean(live));
  parts.line.textContent = view.line ?? "";
  parts.result.show(result?.message, result?.fix);
  parts.result.element.className = result?.calm ? "alert calm" : "alert notice";
  parts.tools.hidden = !live;
  // The devices of a call in a window of its own are chosen there.
  parts.openers[1].hidden = Boolean(view.isApart);
  parts.sent.textContent = sent;
  parts.sent.hidden = !sent || !keypad;
  parts.keys.element.hidden = !entry && !(live && keypad);
  parts.keypadTool.setAttribute("aria-expanded", keypad);
  for (const button of parts.mutes) button.setAttribute("aria-pressed", muted);
  for (const button of parts.openers) button.setAttribute("aria-expanded", sheet);
  parts.stage.hidden = sheet;
  parts.sheet.hidden = !sheet;
  // Who looks for another microphone in a call can still hang up.
  parts.actions.hidden = sheet && !main.stop;
  parts.main.disabled = Boolean(main.disabled);
  parts.main.classList.toggle("stop", Boolean(main.stop));
  parts.main.setAttribute("part", main.stop ? "hang-up" : "call");
  const picture = main.busy ? [h("span", { class: "spin" })] : main.icon ? [icon(ICONS[main.icon])] : [];
  // Anew, rather than other words in the same place: nothing is seen to move.
  parts.main.replaceChildren(...picture, main.text);
  parts.second.hidden = sheet || !second;
  parts.second.textContent = second?.text ?? "";
  parts.extra.hidden = sheet || !entry;
}
