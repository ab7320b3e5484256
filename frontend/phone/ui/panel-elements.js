/** Builds the elements of the panel, hidden. panel.js shows the panel, render-view.js fills it. */
import { disclosureButton, keypad, messageBox, muteButton, numberField } from "./components.js";
import { button, h, ICONS, icon } from "./dom.js";
import { fromPicker } from "./from-picker.js";

/** @import { Core } from "../i18n/texts.js" */
/** @import { ButtonElements } from "./floating-button.js" */

/**
 * Handlers of the user's actions; `main` and `secondary` are the buttons whose action depends on the view.
 * @typedef {Record<"close" | "settings" | "devices" | "call" | "input" | "mute" | "keypad", () => void>
 *   & Record<"main" | "secondary", (event: MouseEvent) => void>
 *   & {press: (digit: string) => void, holdZero: () => boolean, pickFrom: (number: string | undefined) => void}
 * } PanelHandlers
 */

/**
 * Add the panel to the root element, before the floating button; returns the elements by name.
 * @param {ButtonElements} button
 * @param {Core} texts
 * @param {PanelHandlers} handlers
 */
export function buildPanelElements({ root, fab }, texts, handlers) {
  const name = h("div", { class: "name" });
  const from = fromPicker(texts, handlers.pickFrom);
  const sandboxMark = h("span", { class: "mark" }, texts.sandbox);
  const moreButton = button(
    {
      class: "icon",
      "aria-label": texts.more,
      "aria-expanded": "false",
      "aria-controls": "sheet",
      click: handlers.settings,
    },
    icon(ICONS.more),
  );
  const header = h(
    "header",
    { part: "header" },
    h("div", { class: "who" }, h("div", { class: "title" }, name, sandboxMark), from.element),
    moreButton,
    button(
      { class: "icon", part: "minimise", "aria-label": texts.minimise, click: handlers.close },
      icon(ICONS.minimise),
    ),
  );

  const field = numberField(texts, { onSubmit: handlers.call, onInput: handlers.input });
  const dialError = messageBox({ class: "alert below", id: "dial-error", role: "alert" });
  // Has its height from the start, so that the panel does not grow when the dialer chunk writes to this line.
  const reading = h("div", { class: "reading", id: "reading" });
  const entry = h("div", {}, field.element, reading, dialError.element);
  const number = h("div", { class: "number ltr" });
  const status = h("div", { class: "status" });
  const note = h("div", { class: "call-note" });
  const person = h("div", { class: "person", dir: "auto" });
  const peer = h("div", { class: "peer" }, person, number, status, note);
  const message = messageBox({ class: "alert", role: "alert" });
  const muteTool = muteButton(texts, "tool", handlers.mute);
  const keypadTool = disclosureButton(texts.keypad, ICONS.keypad, handlers.keypad);
  const devicesTool = disclosureButton(texts.devices, ICONS.devices, handlers.devices);
  const tools = h("div", { class: "tools" }, muteTool.element, keypadTool, devicesTool);
  const sentDigits = h("div", { class: "sent ltr", "aria-hidden": "true" });
  const keys = keypad(texts.keypad, handlers.press, { hint: texts.holdForPlus, run: handlers.holdZero });
  const main = button({ class: "main", click: handlers.main });
  const secondary = button({ class: "second", click: handlers.secondary });
  const recentCalls = h("div");
  const actions = h("div", { class: "actions" }, main, secondary);
  const stage = h("div", { class: "stage" }, entry, peer, message.element, tools, sentDigits, keys.element);
  const sheet = h("div", { class: "sheet", id: "sheet", hidden: true });
  const body = h("div", { class: "body" }, stage, sheet, actions, recentCalls);
  const panel = h(
    "div",
    { class: "panel", id: "panel", part: "panel", role: "dialog", "aria-label": texts.phone, hidden: true },
    header,
    body,
  );

  fab.setAttribute("aria-controls", panel.id);
  root.prepend(panel);
  return {
    ...{ root, panel, header },
    ...{ name, from, sandboxMark, moreButton, stage, sheet, recentCalls },
    ...{ entry, field, reading, dialError, peer, person, number, status, note, message },
    ...{ tools, keypadTool, devicesTool, muteTool, sentDigits, keys },
    ...{ actions, main, secondary },
  };
}

/** @typedef {ReturnType<typeof buildPanelElements>} PanelElements */
