/** The floating button, the dialer panel and the in-call bar: what is shown when, and what people's hands do. */
import { isOn } from "../config.js";
import { keepMounted } from "./keep-mounted.js";
import { pretty } from "../call/numbers.js";
import { ENGLISH, textsOf } from "../i18n/texts.js";
import { floatingButton } from "./floating-button.js";
import { copyDetails } from "./copy-details.js";
import { h, sheet } from "./dom.js";
import { FRAME_STYLES } from "./panel-styles.js";
import { frame } from "./panel-elements.js";
import { clock } from "./components.js";
import { showView } from "./render-view.js";
import { ownStyles, STYLES } from "./button-styles.js";
import { schemeOf, watchScheme } from "./color-scheme.js";
import { mood, viewOf } from "./views.js";

const TICK_MS = 250;
const COPIED_MS = 2_000;
const MOST_RECENT = 20;

export class Panel {
  isOpen = false;
  /** The calls of this page, newest first, as `phone.call` has them. */
  recent = [];
  /** The words of the language: `core`, and what a part finds besides. */
  texts = ENGLISH;
  phone;
  env;
  settings;
  #on;
  #leave;
  #shadow;
  #styles = new Map();
  #parts;
  #keypadShown = false;
  #sent = "";
  #revealed;
  #view = null;
  #ticker = 0;
  #dialer = null;
  #closeSheet = null;
  #isGone = false;

  constructor(phone, settings, env, on) {
    this.phone = phone;
    this.env = env;
    this.settings = settings;
    this.#on = on;
    this.#revealed = !isOn(settings.hidden);
    const host = h("epoch-phone");
    this.#shadow = host.attachShadow({ mode: "open" });
    this.adopt(STYLES, ownStyles(settings));
    this.#draw();
    this.#leave = [keepMounted(host, env), watchScheme(env, () => this.#place())];
    this.#translate();
    env.afterPaint(() => this.#complete());
  }

  /** Have style sheets beside those there are, each once. */
  adopt(...texts) {
    for (const text of texts) if (!this.#styles.has(text)) this.#styles.set(text, sheet(text));
    this.#shadow.adoptedStyleSheets = [...this.#styles.values()];
  }

  open({ focus = true } = {}) {
    this.#revealed = true;
    this.#warm();
    if (!this.isOpen) {
      this.isOpen = true;
      this.render();
      this.#on.open();
    }
    if (focus) this.#focusMain();
  }

  close() {
    if (!this.isOpen) return;
    this.#closeSheet?.();
    this.isOpen = false;
    this.render();
    this.#on.close();
  }

  remove() {
    this.#isGone = true;
    clearInterval(this.#ticker);
    this.#closeSheet?.();
    this.#dialer?.stop();
    for (const leave of this.#leave) leave();
  }

  render() {
    const { phone } = this;
    const parts = this.#parts;
    const texts = this.texts.core;
    const focused = this.#shadow.activeElement;
    if (!phone.isInCall) {
      this.#keypadShown = false;
      this.#sent = "";
    }
    this.#note(phone.call);
    this.#place();
    const hasCall = phone.isInCall || (phone.elsewhere && this.#revealed);
    if (this.isOpen || hasCall) this.#build();
    // The bar's looks come with the dialer, which nobody here has asked for where the call was begun elsewhere.
    if (hasCall && !this.#dialer) this.#warm();
    const barShown = Boolean(hasCall && this.#dialer && !this.isOpen);
    const view = viewOf(phone, this.texts, this.#dialer?.trouble());

    parts.root.dataset.mood = mood(phone.state);
    parts.root.toggleAttribute("data-open", this.isOpen);
    parts.fab.hidden = barShown || !this.#revealed;
    parts.fab.setAttribute("aria-expanded", this.isOpen);
    parts.fab.setAttribute("aria-label", this.isOpen ? texts.closePhone : texts.openPhone);
    parts.mood.textContent = texts.states[phone.state];
    // Said once, however often the panel is drawn.
    if (parts.spoken.textContent !== view.spoken) parts.spoken.textContent = view.spoken;
    if (!parts.panel) return;

    parts.bar.hidden = !barShown;
    parts.mutes[1].hidden = !phone.isInCall;
    parts.panel.hidden = !this.isOpen;
    parts.name.textContent = phone.account?.organization ?? texts.phone;
    const from = pretty(phone.account?.caller_id);
    parts.from.replaceChildren(...(from ? [`${texts.callingFrom} `, h("bdi", { dir: "ltr" }, from)] : []));
    parts.mark.hidden = !phone.account?.signaling;
    this.#show(view);
    // The browser takes the focus from what is hidden now only later, and then gives it to the page.
    if (focused?.disabled || focused?.closest("[hidden]")) this.#keepFocus();
    this.#tick();
  }

  #show(view) {
    const { account, muted } = this.phone;
    if (this.#view?.state !== view.state && view.state === "ready") this.#parts.field.input.value = "";
    this.#view = { ...view, muted, sent: this.#sent, keypad: this.#keypadShown, sheet: Boolean(this.#closeSheet) };
    showView(this.#parts, { ...this.#view, peer: this.#written(view.peer) });
    if (this.#dialer) this.#dialer.update(view);
    else this.#parts.field.country.textContent = account ? `${account.country} +${account.calling_code}` : "";
  }

  /** Draw the button, and what else there was, in the present language. */
  #draw() {
    const hadPanel = Boolean(this.#parts?.panel);
    this.#dialer?.stop();
    this.#dialer = null;
    this.#parts = floatingButton(this.texts.core, {
      toggle: () => (this.isOpen ? this.close() : this.open()),
      likely: () => this.#warm(),
      keyed: (event) => this.#keyed(event),
    });
    if (hadPanel) this.#build();
    this.#shadow.replaceChildren(this.#parts.root);
    this.render();
  }

  /** Have the panel and the bar, before anybody asks for them. */
  #complete() {
    if (this.#isGone || this.#parts.panel) return;
    this.#build();
    this.render();
  }

  #build() {
    if (this.#parts.panel) return;
    const { phone } = this;
    // The second click of a double click would hang up what the first one has begun.
    const act =
      (name) =>
      ({ detail }) =>
        detail > 1 || this.#actions[this.#view[name].act]();
    this.adopt(FRAME_STYLES);
    const added = frame(this.#parts, this.texts.core, {
      open: () => this.open(),
      close: () => this.close(),
      more: () => this.#more(),
      call: () => this.#call(),
      typed: () => this.#typed(),
      mute: () => phone.mute(!phone.muted),
      keypad: () => {
        this.#keypadShown = !this.#keypadShown;
        this.render();
      },
      pressed: (digit) => this.#pressed(digit),
      main: act("main"),
      second: act("second"),
      hangUp: () => this.#actions.hangUp(),
    });
    Object.assign(this.#parts, added);
  }

  async #translate() {
    // The phone learns the address of its files after it has its panel.
    await null;
    const texts = await textsOf(this.settings.locale ?? this.env.document.documentElement.lang, this.env);
    if (!texts || this.#isGone) return;
    const value = this.#parts.field?.input.value;
    const hadFocus = this.#shadow.activeElement;
    this.#closeSheet?.();
    this.texts = texts;
    this.#draw();
    if (value) this.#parts.field.input.value = value;
    if (this.isOpen) this.#warm();
    if (hadFocus) this.#keepFocus();
  }

  /** Fetch what a call needs, and what makes dialling comfortable: a person is about to use the phone. */
  async #warm() {
    this.#complete();
    this.phone.prepare();
    const parts = this.#parts;
    try {
      const { attach, problems } = await this.env.loadChunk("dialer");
      if (this.#dialer || parts !== this.#parts) return;
      this.texts = { problems, ...this.texts };
      this.#dialer = attach(this, parts, () => this.#typed());
      this.render();
    } catch {
      // Numbers can be dialled as they are typed.
    }
  }

  /** Open the sheet with the rarer things, or close it. */
  async #more() {
    if (this.#closeSheet) {
      this.#closeSheet();
      return;
    }
    const { sheet: slot } = this.#parts;
    const opener = this.#shadow.activeElement;
    let stop = () => {};
    const close = () => {
      this.#closeSheet = null;
      stop();
      slot.replaceChildren();
      this.render();
      opener?.focus();
    };
    this.#closeSheet = close;
    slot.replaceChildren(h("span", { class: "spin" }));
    this.render();
    try {
      const { show } = await this.env.loadChunk("settings-sheet");
      if (this.#closeSheet === close) stop = show(this, slot, close);
    } catch (problem) {
      slot.replaceChildren(h("div", { role: "alert" }, `${problem.message}. ${problem.fix}`));
    }
  }

  #note(call) {
    if (!call || call === this.recent[0]) return;
    this.recent = [call, ...this.recent].slice(0, MOST_RECENT);
  }

  #place() {
    const { position: side, theme: look } = this.phone.account?.settings ?? {};
    const { position = side, theme = look } = this.settings;
    const { dataset } = this.#parts.root;
    dataset.side = position === "bottom-left" ? "left" : "right";
    dataset.theme = theme === "light" || theme === "dark" ? theme : schemeOf(this.env.document);
  }

  #tick() {
    const { phone } = this;
    const parts = this.#parts;
    const since = (phone.isInCall ? phone.call : phone.elsewhere)?.answeredAt;
    if (since) {
      const time = clock(Math.max(0, Math.floor((this.env.now() - since) / 1000)));
      parts.status.textContent = time;
      parts.barTime.textContent = time;
      this.#ticker ||= setInterval(() => this.#tick(), TICK_MS);
    } else {
      clearInterval(this.#ticker);
      this.#ticker = 0;
      parts.barTime.textContent = this.#view.status ?? "";
    }
  }

  #written(number) {
    return this.#dialer?.written(number) ?? pretty(number);
  }

  #typed() {
    this.phone.complaint = null;
    this.render();
  }

  #pressed(digit) {
    this.#dialer?.sound(digit);
    if (this.phone.isInCall) {
      this.phone.sendDigit(digit);
      this.#sent += digit;
      this.render();
      return;
    }
    const { input } = this.#parts.field;
    input.value += digit;
    // As typing does, so that whoever formats what is typed hears of it.
    input.dispatchEvent(new Event("input"));
  }

  #keyed(event) {
    if (event.key === "Escape" && this.isOpen) {
      event.stopPropagation();
      (this.#closeSheet ?? (() => this.close()))();
      return;
    }
    const isTyping = /^(?:INPUT|SELECT)$/.test(event.target.tagName);
    if (isTyping || !this.isOpen || this.#closeSheet || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!/^[0-9*#]$/.test(event.key) || (this.phone.state !== "in-progress" && !this.#view.entry)) return;
    event.preventDefault();
    this.#parts.keys.flash(event.key);
    this.#pressed(event.key);
  }

  #call() {
    const { input } = this.#parts.field;
    const last = this.recent[0]?.number;
    if (!input.value.trim() && last) {
      // As on any telephone: an empty field first brings back the last number.
      input.value = this.#written(last);
      this.#typed();
      input.focus();
    } else if (this.phone.canDial) {
      this.phone.dial(input.value);
    }
  }

  #keepFocus() {
    if (this.isOpen) this.#focusMain();
    else ((this.#parts.fab.hidden && this.#parts.back) || this.#parts.fab).focus();
  }

  #focusMain() {
    const { field, actions, main, entry, more } = this.#parts;
    (actions.hidden ? more : entry.hidden ? main : field.input).focus({ preventScroll: true });
  }

  /** What the buttons of a view can do. */
  #actions = {
    call: () => this.#call(),
    hangUp: () => (this.phone.isInCall ? this.phone : this.phone.elsewhere)?.hangup(),
    callAgain: () => this.phone.dial(this.phone.call.number, this.phone.call.metadata),
    reset: () => this.phone.reset(),
    copyDetails: () => this.#copyDetails(),
  };

  async #copyDetails() {
    const { code } = this.phone.problem;
    if (!(await copyDetails({ code, ...this.#view.result }, this.env))) return;
    this.#parts.second.textContent = this.texts.core.copied;
    setTimeout(() => this.render(), COPIED_MS);
  }
}
