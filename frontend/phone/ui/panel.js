/** The floating button, the dialer panel and the call bar: shows and hides them, and handles the user's actions. */
import { formatE164 } from "../call/numbers.js";
import { isOn } from "../config.js";
import { asProblem } from "../errors.js";
import { ENGLISH, loadTexts } from "../i18n/texts.js";
import { BUTTON_STYLES, pageStyles } from "./button-styles.js";
import { pageColorScheme, watchColorScheme } from "./color-scheme.js";
import { formatDuration } from "./components.js";
import { copyDetails } from "./copy-details.js";
import { createStyleSheet, h } from "./dom.js";
import { buildFloatingButton } from "./floating-button.js";
import { keepMounted } from "./keep-mounted.js";
import { buildPanelElements } from "./panel-elements.js";
import { PANEL_STYLES } from "./panel-styles.js";
import { renderView } from "./render-view.js";
import { indicatorOf, viewOf } from "./views.js";

/** @import { Phone } from "../core.js" */
/** @import { Texts } from "../i18n/texts.js" */
/** @import { DialerEnhancements } from "../lazy/dialer.js" */
/** @import { Environment, Settings } from "../types.d.ts" */
/** @import { ButtonElements } from "./floating-button.js" */
/** @import { PanelElements } from "./panel-elements.js" */
/** @import { SheetName } from "./render-view.js" */
/** @import { Action, View } from "./views.js" */

const TICK_MS = 250;
const COPIED_MS = 2_000;

export class Panel {
  isOpen = false;
  /** @type {Texts} */
  texts = ENGLISH;
  phone;
  env;
  settings;
  #on;
  /** @type {(() => void)[]} */
  #cleanups;
  #shadow;
  /** @type {Map<string, CSSStyleSheet>} */
  #styleSheets = new Map();
  /** @type {ButtonElements} */
  #button;
  /**
   * Null until they may be needed.
   * @type {PanelElements | null}
   */
  #elements = null;
  #isKeypadShown = false;
  #sentDigits = "";
  #isButtonShown;
  /** @type {View | null} */
  #view = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #ticker;
  /** @type {DialerEnhancements | null} */
  #dialer = null;
  /** @type {(() => void) | null} */
  #closeSheet = null;
  /** @type {SheetName | null} */
  #sheetName = null;
  #isRemoved = false;

  /**
   * @param {Phone} phone
   * @param {Settings} settings
   * @param {Environment} env
   * @param {{onOpen: () => void, onClose: () => void}} on
   */
  constructor(phone, settings, env, on) {
    this.phone = phone;
    this.env = env;
    this.settings = settings;
    this.#on = on;
    this.#isButtonShown = !isOn(settings.hidden);
    const host = document.createElement("epoch-phone");
    this.#shadow = host.attachShadow({ mode: "open" });
    this.adoptStyles(BUTTON_STYLES, pageStyles(settings));
    this.#button = this.#attachButton();
    this.render();
    this.#cleanups = [keepMounted(host, env), watchColorScheme(env, () => this.#applyLooks())];
    this.#translate();
    env.afterPaint(() => this.#buildWhenUseful());
  }

  /**
   * Add style sheets that are not there yet.
   * @param {string[]} texts
   */
  adoptStyles(...texts) {
    for (const text of texts) if (!this.#styleSheets.has(text)) this.#styleSheets.set(text, createStyleSheet(text));
    this.#shadow.adoptedStyleSheets = [...this.#styleSheets.values()];
  }

  open({ focus = true } = {}) {
    this.#isButtonShown = true;
    this.#preload();
    if (!this.isOpen) {
      this.isOpen = true;
      this.render();
      this.#on.onOpen();
    }
    if (focus) this.#focusMain();
  }

  close() {
    if (!this.isOpen) return;
    this.#closeSheet?.();
    this.isOpen = false;
    this.render();
    this.#on.onClose();
  }

  remove() {
    this.#isRemoved = true;
    clearInterval(this.#ticker);
    this.#closeSheet?.();
    this.#dialer?.stop();
    for (const cleanup of this.#cleanups) cleanup();
  }

  render() {
    const { phone } = this;
    const { root, fab, stateText, liveRegion } = this.#button;
    const texts = this.texts.core;
    const focused = /** @type {HTMLElement & {disabled?: boolean} | null} */ (this.#shadow.activeElement);
    if (!phone.isInCall) {
      this.#isKeypadShown = false;
      this.#sentDigits = "";
    }
    this.#applyLooks();
    const hasCall = Boolean(phone.isInCall || (phone.remoteCall && this.#isButtonShown));
    const elements = this.isOpen || hasCall ? this.#ensureElements() : this.#elements;
    // The bar comes with the dialer, which is not loaded yet if the call was begun in another tab.
    if (hasCall && !this.#dialer) this.#preload();
    const view = viewOf(phone, this.texts, this.#dialer?.qualityWarning());
    const barAnnouncement = this.#dialer?.bar.update(view, hasCall);
    const announcement = barAnnouncement ?? view.announcement;

    root.dataset.indicator = indicatorOf(phone.state);
    root.toggleAttribute("data-open", this.isOpen);
    fab.hidden = barAnnouncement !== undefined || !this.#isButtonShown;
    fab.setAttribute("aria-expanded", String(this.isOpen));
    fab.setAttribute("aria-label", this.isOpen ? texts.closePhone : texts.openPhone);
    stateText.textContent = texts.states[phone.state];
    // Assistive technology reads each assignment out, so the same text is not assigned twice.
    if (liveRegion.textContent !== announcement) liveRegion.textContent = announcement;
    if (!elements) return;

    elements.panel.hidden = !this.isOpen;
    elements.name.textContent = phone.account?.organization ?? texts.phone;
    const from = this.#formatNumber(phone.account?.caller_id);
    elements.from.replaceChildren(...(from ? [`${texts.callingFrom} `, h("bdi", { dir: "ltr" }, from)] : []));
    elements.sandboxMark.hidden = !phone.account?.signaling;
    this.#renderView(elements, view);
    // The browser removes the focus from a hidden element later, and then gives it to the page.
    if (focused?.disabled || focused?.closest("[hidden]")) this.#restoreFocus();
    this.#tick();
  }

  /**
   * @param {PanelElements} elements
   * @param {View} view
   */
  #renderView(elements, view) {
    const { account, isMuted } = this.phone;
    const { field } = elements;
    if (this.#view?.state !== view.state && view.state === "ready") field.input.value = "";
    this.#view = view;
    const peer = view.peer === undefined ? undefined : this.#formatNumber(view.peer);
    const flags = {
      isMuted,
      isKeypadShown: this.#isKeypadShown,
      sheetName: this.#sheetName,
      sentDigits: this.#sentDigits,
    };
    renderView(elements, { ...view, peer }, flags);
    if (this.#dialer) this.#dialer.update(view);
    else field.country.textContent = account ? `${account.country} +${account.calling_code}` : "";
  }

  /** Build the button in the present language and put it into the shadow root. */
  #attachButton() {
    const elements = buildFloatingButton(this.texts.core, {
      toggle: () => (this.isOpen ? this.close() : this.open()),
      preload: () => void this.#preload(),
      keyDown: (event) => this.#onKeyDown(event),
    });
    this.#shadow.replaceChildren(elements.root);
    return elements;
  }

  /** Build the existing elements again, in the present language. */
  #rebuild() {
    const hadElements = this.#elements !== null;
    this.#dialer?.stop();
    this.#dialer = null;
    this.#elements = null;
    this.#button = this.#attachButton();
    if (hadElements) this.#ensureElements();
    this.render();
  }

  /** Build the panel and the bar before they are needed. */
  #buildWhenUseful() {
    if (this.#isRemoved || this.#elements) return;
    this.#ensureElements();
    this.render();
  }

  #ensureElements() {
    if (this.#elements) return this.#elements;
    const { phone } = this;
    /** @param {"main" | "secondary"} name */
    const runAction =
      (name) =>
      (/** @type {MouseEvent} */ { detail }) => {
        const action = this.#view?.[name]?.action;
        // The second click of a double click would hang up the call that the first one began.
        if (detail <= 1 && action) this.#actions[action]();
      };
    this.adoptStyles(PANEL_STYLES);
    this.#elements = buildPanelElements(this.#button, this.texts.core, {
      close: () => this.close(),
      settings: () => void this.#toggleSheet("more"),
      devices: () => void this.#toggleSheet("devices"),
      call: () => this.#call(),
      input: () => this.#onInput(),
      mute: () => phone.mute(!phone.isMuted),
      keypad: () => {
        this.#isKeypadShown = !this.#isKeypadShown;
        this.render();
      },
      press: (digit) => this.#pressKey(digit),
      main: runAction("main"),
      secondary: runAction("secondary"),
    });
    return this.#elements;
  }

  async #translate() {
    // The phone gets the address of its chunks after its panel.
    await null;
    const texts = await loadTexts(this.settings.locale, this.env);
    if (!texts || this.#isRemoved) return;
    const value = this.#elements?.field.input.value;
    const hadFocus = this.#shadow.activeElement;
    this.#closeSheet?.();
    this.texts = texts;
    this.#rebuild();
    if (value) this.#ensureElements().field.input.value = value;
    if (this.isOpen) this.#preload();
    if (hadFocus) this.#restoreFocus();
  }

  /** Load the SDK and the dialer, because the user is about to use the phone. */
  async #preload() {
    this.#buildWhenUseful();
    this.phone.preload();
    const elements = this.#elements;
    try {
      const { enhanceDialer } = await this.env.loadChunk("dialer");
      if (this.#dialer || !elements || elements !== this.#elements) return;
      this.#dialer = enhanceDialer(this, elements, {
        onInput: () => this.#onInput(),
        hangUp: () => this.#actions.hangUp(),
      });
      this.render();
    } catch {
      // Without the dialer, numbers are dialled as typed.
    }
  }

  /**
   * Open the settings sheet, or close it if it is open with the same contents.
   * @param {SheetName} name
   */
  async #toggleSheet(name) {
    const { sheet } = this.#ensureElements();
    const opener = /** @type {HTMLElement | null} */ (this.#shadow.activeElement);
    const previous = this.#sheetName;
    this.#closeSheet?.();
    if (name === previous) return;
    let stop = () => {};
    const close = () => {
      this.#closeSheet = this.#sheetName = null;
      stop();
      sheet.replaceChildren();
      this.render();
      opener?.focus();
    };
    this.#closeSheet = close;
    this.#sheetName = name;
    sheet.replaceChildren(h("span", { class: "spin" }));
    this.render();
    try {
      const { showSettingsSheet } = await this.env.loadChunk("settings-sheet");
      if (this.#closeSheet === close) stop = showSettingsSheet(this, sheet, close, name);
    } catch (error) {
      const problem = asProblem(error);
      sheet.replaceChildren(h("div", { role: "alert" }, `${problem.message}. ${problem.fix}`));
    }
  }

  /** Apply the position and the theme: the page's settings first, then those of the server. */
  #applyLooks() {
    const ofServer = this.phone.account?.settings;
    const position = this.settings.position ?? ofServer?.position;
    const theme = this.settings.theme ?? ofServer?.theme;
    const { dataset } = this.#button.root;
    dataset.side = position === "bottom-left" ? "left" : "right";
    dataset.theme = theme === "light" || theme === "dark" ? theme : pageColorScheme(this.env.document);
  }

  /** Show the running time of the call. */
  #tick() {
    const { phone } = this;
    const { status } = this.#ensureElements();
    const answeredAt = (phone.isInCall ? phone.call : phone.remoteCall)?.answeredAt;
    let time = this.#view?.status ?? "";
    if (answeredAt) {
      time = formatDuration(Math.max(0, Math.floor((this.env.now() - answeredAt) / 1000)));
      status.textContent = time;
      this.#ticker ??= setInterval(() => this.#tick(), TICK_MS);
    } else {
      clearInterval(this.#ticker);
      this.#ticker = undefined;
    }
    this.#dialer?.bar.showTime(time);
  }

  /** @param {string | undefined} number E.164. */
  #formatNumber(number = "") {
    return this.#dialer?.format(number) ?? formatE164(number);
  }

  #onInput() {
    this.phone.dialError = null;
    this.render();
  }

  /** @param {string} digit */
  #pressKey(digit) {
    this.#dialer?.playTone(digit);
    if (this.phone.isInCall) {
      this.phone.sendDigit(digit);
      this.#sentDigits += digit;
      this.render();
      return;
    }
    const { input } = this.#ensureElements().field;
    input.value += digit;
    // Dispatched as on typing, so that the number is formatted.
    input.dispatchEvent(new Event("input"));
  }

  /** @param {KeyboardEvent} event */
  #onKeyDown(event) {
    // Browsers press a button again and again while the key is held.
    if (event.repeat && /^(?:Enter| )$/.test(event.key)) event.preventDefault();
    if (event.key === "Escape" && this.isOpen) {
      event.stopPropagation();
      if (this.#closeSheet) this.#closeSheet();
      else this.close();
      return;
    }
    const isTyping = /^(?:INPUT|SELECT)$/.test(/** @type {Element} */ (event.target).tagName);
    if (isTyping || !this.isOpen || this.#closeSheet || event.repeat || event.ctrlKey || event.metaKey || event.altKey)
      return;
    if (!/^[0-9*#]$/.test(event.key) || (this.phone.state !== "in-progress" && !this.#view?.showsDialer)) return;
    event.preventDefault();
    this.#ensureElements().keys.flash(event.key);
    this.#pressKey(event.key);
  }

  #call() {
    const { input } = this.#ensureElements().field;
    // As on other telephones: with an empty field, Call first shows the last number.
    if (!input.value.trim() && this.#dialer?.showLastNumber()) return;
    if (this.phone.canDial) this.phone.dial(input.value, this.#dialer?.pickedPerson());
  }

  #restoreFocus() {
    const { fab } = this.#button;
    if (this.isOpen) this.#focusMain();
    else if (fab.hidden) this.#dialer?.bar.focus();
    else fab.focus();
  }

  #focusMain() {
    const { field, actions, main, entry, more } = this.#ensureElements();
    (actions.hidden ? more : entry.hidden ? main : field.input).focus({ preventScroll: true });
  }

  /** @type {Record<Action, () => void>} */
  #actions = {
    call: () => this.#call(),
    hangUp: () => (this.phone.isInCall ? this.phone : this.phone.remoteCall)?.hangup(),
    callAgain: () => {
      if (this.phone.call) this.phone.dial(this.phone.call.number, this.phone.call);
    },
    reset: () => this.phone.reset(),
    copyDetails: () => void this.#copyDetails(),
  };

  async #copyDetails() {
    const { problem } = this.phone;
    const message = this.#view?.message;
    if (!problem || !message) return;
    if (!(await copyDetails({ code: problem.code, ...message }, this.env))) return;
    this.#ensureElements().secondary.textContent = this.texts.core.copied;
    setTimeout(() => this.render(), COPIED_MS);
  }
}
