/** The floating button, the dialer panel and the in-call bar, in a shadow root of their own. */
import { isOn } from "../config.js";
import { keepMounted } from "../mount.js";
import { pretty } from "../numbers.js";
import { textsFor } from "../texts.js";
import { h, ICONS, icon } from "./dom.js";
import { clock, keypad, notice, numberField, tool } from "./parts.js";
import { ownStyles, STYLES } from "./styles.js";
import { mood, viewOf } from "./views.js";

const TICK_MS = 250;
const COPIED_MS = 2_000;

export class Panel {
  isOpen = false;
  #phone;
  #settings;
  #env;
  #on;
  #texts;
  #host;
  #shadow;
  #root;
  #parts = {};
  #keypadShown = false;
  #revealed;
  #view = null;
  #ticker = 0;
  #unmount;

  constructor(phone, settings, env, on) {
    this.#phone = phone;
    this.#settings = settings;
    this.#env = env;
    this.#on = on;
    this.#texts = textsFor(settings.locale ?? env.document.documentElement.lang);
    this.#revealed = !isOn(settings.hidden);
    this.#build();
    this.#unmount = keepMounted(this.#host, env);
    this.render();
  }

  open({ focus = true } = {}) {
    this.#revealed = true;
    if (!this.isOpen) {
      this.isOpen = true;
      this.render();
      this.#on.open();
    }
    if (focus) this.#focusMain();
  }

  close() {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.render();
    this.#on.close();
  }

  remove() {
    clearInterval(this.#ticker);
    this.#unmount();
  }

  render() {
    const phone = this.#phone;
    const parts = this.#parts;
    const view = viewOf(phone, this.#texts);
    const focused = this.#shadow.activeElement;
    if (!phone.isInCall) this.#keypadShown = false;
    this.#place(phone.account?.settings);
    this.#root.dataset.mood = mood(phone.state);
    this.#root.toggleAttribute("data-open", this.isOpen);

    const barShown = phone.isInCall && !this.isOpen;
    parts.fab.hidden = barShown || !this.#revealed;
    parts.bar.hidden = !barShown;
    parts.panel.hidden = !this.isOpen;
    parts.fab.setAttribute("aria-expanded", String(this.isOpen));
    parts.fab.setAttribute("aria-label", this.isOpen ? this.#texts.closePhone : this.#texts.openPhone);
    parts.mood.textContent = this.#texts.states[phone.state];

    parts.name.textContent = phone.account?.organization ?? this.#texts.phone;
    const from = pretty(phone.account?.caller_id);
    parts.from.textContent = from ? `${this.#texts.callingFrom} ${from}` : "";
    parts.mark.hidden = !phone.account?.signaling;
    this.#show(view);
    // The browser takes the focus from what is hidden now only later, and then gives it to the page.
    if (focused?.disabled || focused?.closest("[hidden]")) this.#keepFocus();
    this.#tick();
  }

  /** Put `view` (see views.js) on the screen. */
  #show(view) {
    const parts = this.#parts;
    const { account, isInCall, muted } = this.#phone;
    parts.entry.hidden = !view.entry;
    parts.field.country.textContent = account ? `${account.country} +${account.calling_code}` : "";
    parts.field.element.toggleAttribute("data-wrong", Boolean(view.complaint));
    parts.field.input.setAttribute("aria-invalid", String(Boolean(view.complaint)));
    parts.complaint.show(view.complaint?.message, view.complaint?.fix);
    parts.peer.hidden = !view.peer;
    parts.number.textContent = pretty(view.peer);
    if (!view.live) parts.status.textContent = view.status ?? "";
    parts.status.toggleAttribute("data-live", Boolean(view.live));
    parts.lineState.textContent = view.lineState ?? "";
    parts.lineState.hidden = !view.live;
    parts.result.show(view.result?.message, view.result?.fix);
    parts.result.element.className = view.result?.calm ? "alert calm" : "alert notice";
    parts.tools.hidden = !view.live;
    parts.keys.element.hidden = !view.entry && !(view.live && this.#keypadShown);
    parts.keypadTool.setAttribute("aria-expanded", String(this.#keypadShown));
    for (const button of [parts.muteTool, parts.barMute]) button.setAttribute("aria-pressed", String(muted));
    parts.main.hidden = !view.main;
    parts.main.disabled = Boolean(view.main?.disabled);
    parts.main.classList.toggle("stop", isInCall);
    parts.mainText.textContent = view.main?.text ?? "";
    parts.mainIcon.replaceChildren(
      ...(view.main?.busy ? [h("span", { class: "spin" })] : view.main?.icon ? [icon(ICONS[view.main.icon])] : []),
    );
    parts.second.hidden = !view.second;
    parts.second.textContent = view.second?.text ?? "";
    parts.peerSpoken.textContent = view.spoken ?? "";
    if (this.#view?.state !== view.state && view.state === "ready") parts.field.input.value = "";
    parts.field.backspace.hidden = !parts.field.input.value;
    this.#view = view;
  }

  #build() {
    const texts = this.#texts;
    const parts = this.#parts;
    const mute = () => this.#phone.mute(!this.#phone.muted);
    const hangUp = () => this.#phone.hangup();
    const prepare = () => this.#phone.prepare();

    parts.mood = h("span", { class: "sr", id: "mood" });
    parts.fab = h(
      "button",
      {
        type: "button",
        class: "fab",
        part: "fab",
        "aria-controls": "panel",
        "aria-describedby": "mood",
        click: () => (this.isOpen ? this.close() : this.open()),
        pointerenter: prepare,
        focus: prepare,
      },
      icon(ICONS.phone),
      h("span", { class: "dot" }),
    );

    parts.name = h("div", { class: "name" });
    parts.from = h("div", { class: "from ltr" });
    parts.mark = h("span", { class: "mark" }, texts.sandbox);
    const title = h("div", { class: "title" }, parts.name, parts.mark);
    const minimise = h(
      "button",
      { type: "button", class: "icon", "aria-label": texts.minimise, click: () => this.close() },
      icon(ICONS.minimise),
    );
    const header = h("header", {}, h("div", { class: "who" }, title, parts.from), minimise);

    parts.field = numberField(texts, { submitted: () => this.#call(), changed: () => this.#typed() });
    parts.complaint = notice({ class: "alert below", id: "complaint", role: "alert" });
    parts.entry = h("div", {}, parts.field.element, parts.complaint.element);
    parts.number = h("div", { class: "number ltr" });
    parts.status = h("div", { class: "status" });
    parts.lineState = h("div", { class: "line-state" });
    parts.peer = h("div", { class: "peer" }, parts.number, parts.status, parts.lineState);
    parts.result = notice({ class: "alert", role: "alert" });
    parts.muteTool = tool(texts.mute, ICONS.mute, { state: "aria-pressed", click: mute });
    parts.keypadTool = tool(texts.keypad, ICONS.keypad, {
      state: "aria-expanded",
      click: () => {
        this.#keypadShown = !this.#keypadShown;
        this.render();
      },
    });
    parts.tools = h("div", { class: "tools" }, parts.muteTool, parts.keypadTool);
    parts.keys = keypad(texts.keypad, (digit) => this.#pressed(digit));
    parts.mainIcon = h("span", { "aria-hidden": "true" });
    parts.mainText = h("span");
    parts.main = h(
      "button",
      { type: "button", class: "main", part: "call", click: () => this.#view.main.act(this) },
      parts.mainIcon,
      parts.mainText,
    );
    parts.second = h("button", { type: "button", class: "second", click: () => this.#view.second.act(this) });
    const body = h(
      "div",
      { class: "body" },
      parts.entry,
      parts.peer,
      parts.result.element,
      parts.tools,
      parts.keys.element,
      parts.main,
      parts.second,
    );
    parts.panel = h(
      "div",
      { class: "panel", id: "panel", part: "panel", role: "dialog", "aria-label": texts.phone, hidden: true },
      header,
      body,
    );

    parts.barTime = h("span", { class: "ltr" });
    parts.back = h(
      "button",
      { type: "button", class: "back", "aria-label": texts.openPhone, click: () => this.open() },
      icon(ICONS.expand),
      parts.barTime,
    );
    parts.barMute = tool(texts.mute, ICONS.mute, { bare: true, state: "aria-pressed", click: mute });
    const barStop = h(
      "button",
      { type: "button", class: "round stop", "aria-label": texts.hangUp, click: hangUp },
      icon(ICONS.hangUp),
    );
    parts.bar = h("div", { class: "bar", role: "group", "aria-label": texts.inCall, hidden: true });
    parts.bar.append(parts.back, parts.barMute, barStop);

    parts.peerSpoken = h("div", { class: "sr", role: "status" });
    this.#root = h("div", { class: "root", keydown: (event) => this.#keyed(event) });
    this.#root.append(parts.panel, parts.fab, parts.bar, parts.mood, parts.peerSpoken);
    this.#host = h("epoch-phone");
    this.#shadow = this.#host.attachShadow({ mode: "open" });
    this.#shadow.append(this.#root);
    this.#shadow.adoptedStyleSheets = [sheet(STYLES), sheet(ownStyles(this.#settings))];
  }

  #place(defaults = {}) {
    const { position = defaults.position, theme = defaults.theme } = this.#settings;
    this.#root.dataset.side = position === "bottom-left" ? "left" : "right";
    this.#root.dataset.theme = theme === "light" || theme === "dark" ? theme : "auto";
  }

  #tick() {
    const { answeredAt } = this.#phone.call ?? {};
    const isLive = this.#phone.state === "in-progress";
    if (isLive) {
      const time = clock(Math.max(0, Math.floor((this.#env.now() - answeredAt) / 1000)));
      this.#parts.status.textContent = time;
      this.#parts.barTime.textContent = time;
      this.#ticker ||= setInterval(() => this.#tick(), TICK_MS);
    } else {
      clearInterval(this.#ticker);
      this.#ticker = 0;
      this.#parts.barTime.textContent = this.#view.status ?? "";
    }
  }

  #typed() {
    this.#phone.complaint = null;
    this.render();
  }

  #pressed(digit) {
    if (this.#phone.isInCall) {
      this.#phone.sendDigit(digit);
      return;
    }
    this.#parts.field.input.value += digit;
    this.#typed();
  }

  #keyed(event) {
    if (event.key === "Escape" && this.isOpen) {
      event.stopPropagation();
      this.close();
      return;
    }
    const isTyping = event.target === this.#parts.field.input;
    if (isTyping || !this.isOpen || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!/^[0-9*#]$/.test(event.key) || (this.#phone.state !== "in-progress" && !this.#view.entry)) return;
    event.preventDefault();
    this.#parts.keys.flash(event.key);
    this.#pressed(event.key);
  }

  #call() {
    if (this.#phone.canDial) this.#phone.dial(this.#parts.field.input.value);
  }

  #keepFocus() {
    if (this.isOpen) this.#focusMain();
    else (this.#parts.bar.hidden ? this.#parts.fab : this.#parts.back).focus();
  }

  #focusMain() {
    const { field, main, entry } = this.#parts;
    (entry.hidden ? main : field.input).focus({ preventScroll: true });
  }

  /** What the buttons of a view can do. */
  get actions() {
    const phone = this.#phone;
    return {
      call: () => this.#call(),
      hangUp: () => phone.hangup(),
      callAgain: () => phone.dial(phone.call.number, phone.call.metadata),
      reset: () => phone.reset(),
      copyDetails: () => this.#copyDetails(),
    };
  }

  async #copyDetails() {
    const { problem } = this.#phone;
    const { navigator, window } = this.#env;
    const details = [`${problem.message} (${problem.code})`, problem.fix, window.location.origin, navigator.userAgent];
    try {
      await navigator.clipboard.writeText([...details, new Date(this.#env.now()).toISOString()].join("\n"));
    } catch {
      // A page or a frame may forbid the clipboard; the words are on the screen all the same.
      return;
    }
    this.#parts.second.textContent = this.#texts.copied;
    setTimeout(() => this.render(), COPIED_MS);
  }
}

function sheet(text) {
  const styles = new CSSStyleSheet();
  styles.replaceSync(text);
  return styles;
}
