/**
 * The phone's element on the page: its shadow root with the floating button and the live region. The panel is a chunk
 * (panel.js) that is loaded when the page is idle or when it is needed; what a person asks for meanwhile is kept.
 */
import { isOn } from "../config.js";
import { button as english } from "../i18n/locales/en.js";
import { loadTexts } from "../i18n/texts.js";
import { BUTTON_STYLES, pageStyles } from "./button-styles.js";
import { pageColorScheme, watchColorScheme } from "./color-scheme.js";
import { createStyleSheet } from "./dom.js";
import { buildFloatingButton, indicatorOf } from "./floating-button.js";
import { keepMounted } from "./keep-mounted.js";
import { PanelLoader } from "./panel-loader.js";

/** @import { Phone } from "../core.js" */
/** @import { Problem } from "../errors.js" */
/** @import { Texts } from "../i18n/texts.js" */
/** @import { Environment, Settings } from "../types.d.ts" */
/** @import { ButtonElements } from "./floating-button.js" */

const PROBLEM_SHOWN_MS = 10_000;
/**
 * States that the live region does not tell of.
 * @type {EpochPhoneState[]}
 */
const SILENT_STATES = ["ready", "error"];

export class PhoneHost {
  /** True from `open()` to `close()`, also while the panel is loading. */
  isOpen = false;
  /**
   * The texts of the page's language; null for English, and until they are loaded.
   * @type {Texts | null}
   */
  translation = null;
  phone;
  env;
  settings;
  shadow;
  /** @type {ButtonElements} */
  button;
  #on;
  /** @type {(() => void)[]} */
  #cleanups;
  /** @type {Map<string, CSSStyleSheet>} */
  #styleSheets = new Map();
  #isButtonShown;
  #loader = new PanelLoader(this, {
    loaded: () => this.#onPanelLoaded(),
    failed: (problem) => this.#onPanelFailed(problem),
  });
  /**
   * The reason why the panel that was asked for is not there.
   * @type {Problem | null}
   */
  #problem = null;
  #isProblemShown = false;
  /**
   * The element that had the focus when the panel was asked to take it.
   * @type {Element | null | undefined}
   */
  #focusedBefore;
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
    this.shadow = host.attachShadow({ mode: "open" });
    this.adoptStyles(BUTTON_STYLES, pageStyles(settings));
    this.button = this.#attachButton();
    this.render();
    this.#cleanups = [keepMounted(host, env), watchColorScheme(env, () => this.#applyLooks())];
    this.#translate();
  }

  /**
   * Add style sheets that are not there yet.
   * @param {string[]} texts
   */
  adoptStyles(...texts) {
    for (const text of texts) if (!this.#styleSheets.has(text)) this.#styleSheets.set(text, createStyleSheet(text));
    this.shadow.adoptedStyleSheets = [...this.#styleSheets.values()];
  }

  open({ focus = true } = {}) {
    this.#isButtonShown = true;
    this.#setProblem(null);
    this.#preload();
    if (!this.isOpen) {
      this.isOpen = true;
      this.render();
      this.#on.onOpen();
    }
    if (!focus) return;
    if (this.#panel) this.#panel.focusMain();
    else this.#focusedBefore = this.env.document.activeElement;
  }

  close() {
    if (!this.isOpen) return;
    this.#panel?.closeSheet();
    this.isOpen = false;
    this.#focusedBefore = undefined;
    this.render();
    this.#on.onClose();
  }

  remove() {
    this.#isRemoved = true;
    this.#loader.stop();
    for (const cleanup of this.#cleanups) cleanup();
  }

  render() {
    const { phone } = this;
    const focused = /** @type {HTMLElement & {disabled?: boolean} | null} */ (this.shadow.activeElement);
    const hasCall = Boolean(phone.isInCall || (phone.remoteCall && this.#isButtonShown));
    this.#applyLooks();
    if (phone.isReady) this.#loader.loadWhenIdle();
    if ((this.isOpen || hasCall) && !this.#problem) this.#loader.load();
    const shown = this.#panel?.update(hasCall);
    this.#renderButton(shown?.announcement ?? this.#announcement, Boolean(shown?.isBarShown));
    // The browser removes the focus from a hidden element later, and then gives it to the page.
    if (focused?.disabled || focused?.closest("[hidden]")) this.#restoreFocus();
  }

  get #panel() {
    return this.#loader.panel;
  }

  /** What the live region tells while there is no panel. */
  get #announcement() {
    const { state } = this.phone;
    if (this.#problem) return this.#problemText;
    return SILENT_STATES.includes(state) ? "" : this.#texts.states[state];
  }

  get #texts() {
    return this.translation?.core ?? english;
  }

  get #problemText() {
    const { code = "", message, fix } = this.#problem ?? {};
    const [sentence, advice] = this.translation?.problems?.[code] ?? [];
    return `${sentence ?? message}. ${advice ?? fix}`;
  }

  /** True if nothing but the button can end the call. */
  get #isHangUpButton() {
    return Boolean(this.#problem && this.phone.isInCall);
  }

  /**
   * @param {string} announcement
   * @param {boolean} isBarShown The bar of a call stands in the button's place.
   */
  #renderButton(announcement, isBarShown) {
    const { root, fab, stateText, liveRegion } = this.button;
    const { state } = this.phone;
    const texts = this.#texts;
    const isPanelShown = this.isOpen && this.#panel !== null;
    root.dataset.indicator = this.#problem ? "problem" : indicatorOf(state);
    root.toggleAttribute("data-open", isPanelShown);
    fab.hidden = isBarShown || !this.#isButtonShown;
    fab.classList.toggle("stop", this.#isHangUpButton);
    fab.setAttribute("aria-busy", String(this.isOpen && !isPanelShown));
    fab.setAttribute("aria-expanded", String(isPanelShown));
    const name = this.#isHangUpButton ? texts.hangUp : isPanelShown ? texts.closePhone : texts.openPhone;
    fab.setAttribute("aria-label", name);
    stateText.textContent = this.#problem ? this.#problemText : texts.states[state];
    liveRegion.className = this.#isProblemShown ? "note" : "sr";
    // Assistive technology reads each assignment out, so the same text is not assigned twice.
    if (liveRegion.textContent !== announcement) liveRegion.textContent = announcement;
  }

  /** Build the button in the present language and put it into the shadow root. */
  #attachButton() {
    const elements = buildFloatingButton(this.#texts, {
      press: () => this.#onPress(),
      preload: () => this.#preload(),
      warmUp: () => void this.phone.warmUp(),
      keyDown: (event) => this.#onKeyDown(event),
    });
    this.shadow.replaceChildren(elements.root);
    return elements;
  }

  #onPress() {
    if (this.#isHangUpButton) this.phone.hangup();
    else if (!this.isOpen) this.open();
    // An impatient second press does not take the first one back.
    else if (this.#panel) this.close();
  }

  /** @param {KeyboardEvent} event */
  #onKeyDown(event) {
    // Browsers press a button again and again while the key is held.
    if (event.repeat && /^(?:Enter| )$/.test(event.key)) event.preventDefault();
    if (this.#panel) this.#panel.onKeyDown(event);
    else if (event.key === "Escape" && this.isOpen) {
      event.stopPropagation();
      this.close();
    }
  }

  async #translate() {
    // The phone gets the address of its chunks after its host.
    await null;
    const texts = await loadTexts(this.settings.locale, this.env, this.settings.texts);
    if (!texts || this.#isRemoved) return;
    const hadFocus = this.shadow.activeElement;
    this.translation = texts;
    this.#panel?.closeSheet();
    this.button = this.#attachButton();
    this.#panel?.rebuild();
    this.render();
    if (this.isOpen) this.#preload();
    if (hadFocus) this.#restoreFocus();
  }

  /** Load what the phone is used with, because a person is about to use it. */
  #preload() {
    this.phone.preload();
    if (this.#panel) this.#panel.preload();
    else this.#loader.load();
  }

  #onPanelLoaded() {
    // A person who went elsewhere meanwhile keeps the focus there.
    const takesFocus = this.isOpen && this.#focusedBefore === this.env.document.activeElement;
    this.#setProblem(null);
    this.render();
    if (this.isOpen) this.#panel?.preload();
    if (takesFocus) this.#panel?.focusMain();
  }

  /** @param {Problem} problem */
  #onPanelFailed(problem) {
    const isMissed = this.isOpen || this.phone.isInCall || this.phone.remoteCall;
    // Nobody has asked for it yet: it is tried again when somebody does.
    if (!isMissed) return;
    this.#setProblem(problem);
    if (this.isOpen) this.close();
    else this.render();
  }

  /**
   * Say at the button that there is no panel, in sight for some seconds; null takes it back.
   * @param {Problem | null} problem
   */
  #setProblem(problem) {
    this.#problem = problem;
    this.#isProblemShown = problem !== null;
    if (!problem) return;
    this.env.wait(PROBLEM_SHOWN_MS).then(() => {
      if (this.#problem !== problem) return;
      this.#isProblemShown = false;
      this.render();
    });
  }

  /** Apply the position and the theme: the page's settings first, then those of the server. */
  #applyLooks() {
    const ofServer = this.phone.account?.settings;
    const position = this.settings.position ?? ofServer?.position;
    const theme = this.settings.theme ?? ofServer?.theme;
    const { dataset } = this.button.root;
    dataset.side = position === "bottom-left" ? "left" : "right";
    dataset.theme = theme === "light" || theme === "dark" ? theme : pageColorScheme(this.env.document);
  }

  #restoreFocus() {
    const { fab } = this.button;
    if (this.isOpen && this.#panel) this.#panel.focusMain();
    else if (fab.hidden) this.#panel?.focusBar();
    else fab.focus();
  }
}
