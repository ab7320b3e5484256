/** The panel and the in-call bar, built in the words of a language when they may be needed; panel.js shows and hides them. */
import { button, h, ICONS, icon } from "./dom.js";
import { keypad, notice, numberField, tool } from "./components.js";

/** Put them around the button of `root` (button.js), unseen; their elements by name. `on` has what a person can do. */
export function frame({ root, fab }, texts, on) {
  const name = h("div", { class: "name" });
  const from = h("div", { class: "from" });
  const mark = h("span", { class: "mark" }, texts.sandbox);
  const more = button(
    { class: "icon", "aria-label": texts.more, "aria-expanded": "false", "aria-controls": "sheet", click: on.more },
    icon(ICONS.more),
  );
  const header = h(
    "header",
    { part: "header" },
    h("div", { class: "who" }, h("div", { class: "title" }, name, mark), from),
    more,
    button({ class: "icon", part: "minimise", "aria-label": texts.minimise, click: on.close }, icon(ICONS.minimise)),
  );

  const field = numberField(texts, { submitted: on.call, changed: on.typed });
  const complaint = notice({ class: "alert below", id: "complaint", role: "alert" });
  const entry = h("div", {}, field.element, complaint.element);
  const number = h("div", { class: "number ltr" });
  const status = h("div", { class: "status" });
  const line = h("div", { class: "line" });
  const peer = h("div", { class: "peer" }, number, status, line);
  const result = notice({ class: "alert", role: "alert" });
  const muteTool = tool(texts.mute, ICONS.mute, { state: "aria-pressed", click: on.mute });
  const keypadTool = tool(texts.keypad, ICONS.keypad, { state: "aria-expanded", click: on.keypad });
  const devicesTool = tool(texts.devices, ICONS.devices, { state: "aria-expanded", click: on.more });
  const tools = h("div", { class: "tools" }, muteTool, keypadTool, devicesTool);
  const sent = h("div", { class: "sent ltr", "aria-hidden": "true" });
  const keys = keypad(texts.keypad, on.pressed);
  const main = button({ class: "main", click: on.main });
  const second = button({ class: "second", click: on.second });
  const extra = h("div");
  const actions = h("div", { class: "actions" }, main, second);
  const stage = h("div", { class: "stage" }, entry, peer, result.element, tools, sent, keys.element);
  const sheet = h("div", { class: "sheet", id: "sheet", hidden: true });
  const body = h("div", { class: "body" }, stage, sheet, actions, extra);
  const panel = h(
    "div",
    { class: "panel", id: "panel", part: "panel", role: "dialog", "aria-label": texts.phone, hidden: true },
    header,
    body,
  );

  // Beside the button, not in it: a name that ticks would be read out again and again.
  const barTime = h("span", { class: "time", dir: "auto" });
  const back = button({ class: "round back", "aria-label": texts.openPhone, click: on.open }, icon(ICONS.expand));
  const barMute = tool(texts.mute, ICONS.mute, { bare: true, state: "aria-pressed", click: on.mute });
  const stop = button({ class: "round stop", "aria-label": texts.hangUp, click: on.hangUp }, icon(ICONS.phone));
  const bar = h(
    "div",
    { class: "bar", part: "bar", role: "group", "aria-label": texts.inCall, hidden: true },
    back,
    barTime,
    barMute,
    stop,
  );

  fab.setAttribute("aria-controls", panel.id);
  root.prepend(panel);
  fab.after(bar);
  return {
    ...{ panel, bar, back, barTime },
    ...{ name, from, mark, more, stage, sheet, extra },
    ...{ entry, field, complaint, peer, number, status, line, result },
    ...{ tools, keypadTool, mutes: [muteTool, barMute], openers: [more, devicesTool], sent, keys },
    ...{ actions, main, second },
  };
}
