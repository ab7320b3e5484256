/**
 * The phone's element on the page: its shadow root with the floating button and the live region. The panel is a chunk
 * (panel.js) that is loaded when the page is idle or when it is needed; until then, the host remembers whether the panel is
 * to be open and which number it is to show.
 */
import { isOn } from "../config.js";
import { button as english } from "../i18n/locales/en.js";
import { BUTTON_STYLES, pageStyles } from "./button-styles.js";
import { applyAppearance, watchColorScheme } from "./color-scheme.js";
import { buildFloatingButton, renderButton } from "./floating-button.js";
import { keepMounted } from "./keep-mounted.js";
import { followContainer } from "./page-container.js";
import { PanelLoader } from "./panel-loader.js";
import { StyleSheets } from "./style-sheets.js";
import { Translation } from "./translation.js";

/** @import { Phone } from "../core.js" */
/** @import { Problem } from "../errors.js" */
/** @import { Environment, Settings } from "../types.d.ts" */
/** @import { ButtonElements } from "./floating-button.js" */
/** @typedef {{number: string, options: EpochPhoneCallOptions}} Proposal A call that waits until a person presses Call. */

const PROBLEM_SHOWN_MS = 10_000;
/**
 * States that the live region does not announce.
 * @type {EpochPhoneState[]}
 */
const SILENT_STATES = ["ready", "error"];

export class PhoneHost {
  /** True from `open()` to `close()`, also while the panel is loading. */
  isOpen = false;
  phone;
  env;
  settings;
  shadow;
  /** @type {ButtonElements} */
  button;
  #handlers;
  /** @type {(() => void)[]} */
  #cleanups;
  #styleSheets;
  #isButtonShown;
  /** True while an element of the page contains the phone. */
  #isInContainer = false;
  #stopFollowingContainer = () => {};
  /** True if the page hid the phone during a call, at whose end it takes effect. */
  #isHidePending = false;
  #translation;
  /**
   * The number that the panel shows once it is loaded.
   * @type {Proposal | null}
   */
  #proposal = null;
  #loader = new PanelLoader(this, {
    onLoaded: () => this.#onPanelLoaded(),
    onFailed: (problem) => this.#onPanelFailed(problem),
  });
  /**
   * The reason for which the panel could not be loaded when it was needed.
   * @type {Problem | null}
   */
  #problem = null;
  #isProblemShown = false;
  /**
   * The element that had the focus when the panel was opened before it was loaded.
   * @type {Element | null | undefined}
   */
  #focusedBefore;

  /**
   * @param {Phone} phone
   * @param {Settings} settings
   * @param {Environment} env
   * @param {{onOpen: () => void, onClose: () => void, onLanguage: () => void}} handlers
   */
  constructor(phone, settings, env, handlers) {
    this.phone = phone;
    this.env = env;
    this.settings = settings;
    this.#handlers = handlers;
    this.#translation = new Translation(settings, env, () => this.#onTranslated());
    this.#isButtonShown = !isOn(settings.hidden);
    const host = document.createElement("epoch-phone");
    this.shadow = host.attachShadow({ mode: "open" });
    this.#styleSheets = new StyleSheets(this.shadow, env.nonce);
    this.adoptStyles(BUTTON_STYLES);
    this.#adoptPageStyles();
    this.button = this.#attachButton();
    this.render();
    this.mount = keepMounted(host, env);
    this.#cleanups = [() => this.mount.stop(), watchColorScheme(env, () => this.#onPageChange())];
    this.#followContainer();
    this.#translation.load();
  }

  /**
   * Add those style sheets that the shadow root does not have.
   * @param {string[]} texts
   */
  adoptStyles(...texts) {
    this.#styleSheets.add(...texts);
  }

  /** Adopt the sheet with the page's accent colour and distance from the corner; it replaces the former sheet. */
  #adoptPageStyles() {
    this.#styleSheets.set("page", pageStyles(this.settings));
  }

  open({ focus = true } = {}) {
    this.#isButtonShown = true;
    this.#setProblem(null);
    this.#preload();
    if (!this.isOpen) {
      this.isOpen = true;
      this.render();
      this.#handlers.onOpen();
    }
    if (!focus) return;
    if (this.#panel) this.#panel.focusMain();
    else this.#focusedBefore = this.env.document.activeElement;
  }

  /** Close the panel; a panel in an element of the page stays open. */
  close() {
    if (!this.isInline) this.#close();
  }

  #close() {
    if (!this.isOpen) return;
    this.#panel?.closeSheet();
    this.isOpen = false;
    this.#focusedBefore = undefined;
    this.render();
    this.#handlers.onClose();
  }

  show() {
    this.#isHidePending = false;
    this.#isButtonShown = true;
    if (this.#isInContainer) this.isOpen = true;
    this.render();
  }

  /** Hide the button and the panel, as with `data-hidden`: at once, or at the end of a call. */
  hide() {
    this.#isHidePending = this.phone.isInCall;
    if (this.#isHidePending) return;
    this.#isButtonShown = false;
    this.#close();
    this.render();
  }

  /**
   * Show a number in the panel, where it waits until a person presses Call.
   * @param {string} number
   * @param {EpochPhoneCallOptions} options
   */
  propose(number, options) {
    this.#proposal = { number, options };
    this.#passProposalToPanel();
  }

  /**
   * Apply the settings with these names, which have changed.
   * @param {string[]} names
   */
  update(names) {
    /** @param {string[]} wanted */
    const hasAny = (...wanted) => wanted.some((name) => names.includes(name));
    if (hasAny("color", "offsetX", "offsetY")) this.#adoptPageStyles();
    if (hasAny("locale", "texts")) this.#translation.load();
    if (hasAny("container")) this.#followContainer();
    if (hasAny("hidden")) {
      if (isOn(this.settings.hidden)) this.hide();
      else this.show();
    }
    this.render();
  }

  remove() {
    this.#translation.stop();
    this.#stopFollowingContainer();
    this.#loader.stop();
    for (const cleanup of this.#cleanups) cleanup();
  }

  render() {
    const { phone } = this;
    const focused = /** @type {HTMLElement & {disabled?: boolean} | null} */ (this.shadow.activeElement);
    const hasCall = Boolean(phone.isInCall || (phone.remoteCall && this.#isButtonShown));
    if (this.#isHidePending && !phone.isInCall) {
      this.hide();
      return;
    }
    this.#applyAppearance();
    if (phone.isReady) this.#loader.loadWhenIdle();
    if ((this.isOpen || hasCall) && !this.#problem) this.#loader.load();
    const shown = this.#panel?.update(hasCall);
    this.#renderButton(shown?.announcement ?? this.#announcement, Boolean(shown?.isBarShown));
    // The browser would move the focus from a hidden element to the page, and later.
    if (focused?.disabled || focused?.closest("[hidden]")) this.#restoreFocus();
  }

  /** True if the panel is in an element of the page and not beside the button. */
  get isInline() {
    return this.#isInContainer && this.mount.isInDefaultParent && !this.#problem;
  }

  /** Keep the phone in the page's container element while there is one. */
  #followContainer() {
    const { container } = this.settings;
    this.#stopFollowingContainer();
    this.#stopFollowingContainer = () => {};
    if (container)
      this.#stopFollowingContainer = followContainer(container, this.env, (element) => this.#moveTo(element));
    else this.#moveTo(null);
  }

  /** @param {Element | null} container */
  #moveTo(container) {
    const isInContainer = container !== null;
    this.mount.setContainer(container);
    if (isInContainer === this.#isInContainer) return;
    this.#isInContainer = isInContainer;
    // The page, and not a person, opens the panel: no event is emitted, and the voice SDK is not loaded.
    if (this.#isButtonShown || this.isOpen) this.isOpen = isInContainer || this.phone.isInCall;
    this.render();
  }

  get #panel() {
    return this.#loader.panel;
  }

  /** The text of the live region while the panel is not loaded. */
  get #announcement() {
    const { state } = this.phone;
    if (this.#problem) return this.#problemText;
    return SILENT_STATES.includes(state) ? "" : this.#texts.states[state];
  }

  /** The texts of the present language; null for English, and until they are loaded. */
  get translation() {
    return this.#translation.texts;
  }

  get #texts() {
    return this.translation?.core ?? english;
  }

  get #problemText() {
    const { code = "", message, fix } = this.#problem ?? {};
    const [sentence, advice] = this.translation?.problems?.[code] ?? [];
    return `${sentence ?? message}. ${advice ?? fix}`;
  }

  /** True if only the button can end the call, because the panel could not be loaded. */
  get #isHangUpButton() {
    return Boolean(this.#problem && this.phone.isInCall);
  }

  /**
   * @param {string} announcement
   * @param {boolean} isBarShown True if the call bar replaces the button.
   */
  #renderButton(announcement, isBarShown) {
    renderButton(this.button, this.#texts, {
      state: this.phone.state,
      problemText: this.#problem && this.#problemText,
      isProblemShown: this.#isProblemShown,
      isHangUp: this.#isHangUpButton,
      isOpen: this.isOpen,
      isPanelShown: this.isOpen && this.#panel !== null,
      isInline: this.isInline,
      isPhoneHidden: !this.#isButtonShown,
      ...{ isBarShown, announcement },
    });
  }

  /** Build the button in the present language and put it into the shadow root. */
  #attachButton() {
    const elements = buildFloatingButton(this.#texts, {
      press: () => this.#onPress(),
      preload: () => this.#preload(),
      warmUp: () => void this.phone.warmUp(),
      enterRoot: () => this.isInline && this.#preload(),
      useRoot: () => this.isInline && this.#onInlineUse(),
      keyDown: (event) => this.#onKeyDown(event),
    });
    this.shadow.replaceChildren(...this.#styleSheets.elements, elements.root);
    return elements;
  }

  #onPress() {
    if (this.#isHangUpButton) this.phone.hangup();
    else if (!this.isOpen) this.open();
    // A second press before the panel is loaded does not close it.
    else if (this.#panel) this.close();
  }

  /** @param {KeyboardEvent} event */
  #onKeyDown(event) {
    // Browsers repeat the click of a button while its key is held.
    if (event.repeat && /^(?:Enter| )$/.test(event.key)) event.preventDefault();
    if (this.#panel) this.#panel.onKeyDown(event);
    else if (event.key === "Escape" && this.isOpen) {
      event.stopPropagation();
      this.close();
    }
  }

  /** Follow the page's colour scheme, and its language unless the settings have one for the phone. */
  #onPageChange() {
    this.#translation.followPage();
    this.#applyAppearance();
  }

  #onTranslated() {
    const hadFocus = this.shadow.activeElement;
    this.#panel?.closeSheet();
    this.button = this.#attachButton();
    this.#panel?.rebuild();
    this.render();
    this.#prepare();
    if (hadFocus) this.#restoreFocus();
    this.#handlers.onLanguage();
  }

  #passProposalToPanel() {
    const { number, options } = this.#proposal ?? {};
    if (!this.#panel || number === undefined) return;
    this.#proposal = null;
    this.#panel.propose(number, options ?? {});
  }

  /** Load the panel and the files for calls, because a person is about to use the phone. */
  #preload() {
    this.phone.preload();
    if (this.#panel) this.#panel.preload();
    else this.#loader.load();
  }

  /** A person uses the panel in an element of the page. That panel is always open, so no press on the button came before. */
  #onInlineUse() {
    this.#preload();
    this.phone.warmUp();
  }

  /** Load further files for an open panel; those for calls only if a person opened it, not for one in an element of the page. */
  #prepare() {
    if (this.isInline) this.#panel?.loadDialer();
    else if (this.isOpen) this.#preload();
  }

  #onPanelLoaded() {
    // If the person moved the focus while the panel was loading, it stays where it is.
    const takesFocus = this.isOpen && this.#focusedBefore === this.env.document.activeElement;
    this.#setProblem(null);
    this.render();
    this.#prepare();
    if (takesFocus) this.#panel?.focusMain();
    this.#passProposalToPanel();
  }

  /** @param {Problem} problem */
  #onPanelFailed(problem) {
    const isNeeded = this.isOpen || this.phone.isInCall || this.phone.remoteCall;
    // Loading is tried again when the panel is needed.
    if (!isNeeded) return;
    this.#setProblem(problem);
    if (this.isOpen) this.#close();
    else this.render();
  }

  /**
   * Show beside the button, for some seconds, why the panel could not be loaded; null removes that text.
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

  #applyAppearance() {
    applyAppearance(this.button.root, this.settings, this.phone.exchangeResponse?.settings, this.env.document);
  }

  #restoreFocus() {
    const { fab } = this.button;
    if (this.isOpen && this.#panel) this.#panel.focusMain();
    else if (fab.hidden) this.#panel?.focusBar();
    else fab.focus();
  }
}
