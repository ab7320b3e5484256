/**
 * The phone's element on the page: its shadow root with the floating button and the live region. The panel is a chunk
 * (panel.js) that is loaded when the page is idle or when it is needed; what a person asks for meanwhile is kept.
 */
import { isOn } from "../config.js";
import { button as english } from "../i18n/locales/en.js";
import { BUTTON_STYLES, pageStyles } from "./button-styles.js";
import { applyLooks, watchColorScheme } from "./color-scheme.js";
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
/** @typedef {{number: string, options: EpochPhoneCallOptions}} Proposal A call that waits for a person's Call. */

const PROBLEM_SHOWN_MS = 10_000;
/**
 * States that the live region does not tell of.
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
  #on;
  /** @type {(() => void)[]} */
  #cleanups;
  #styleSheets;
  #isButtonShown;
  /** True while an element of the page is the phone's place. */
  #isInContainer = false;
  #stopFollowing = () => {};
  /** True if the page has hidden the phone during a call. */
  #isHideAwaited = false;
  #translation;
  /**
   * The number that the panel is to show when it is there.
   * @type {Proposal | null}
   */
  #proposal = null;
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

  /**
   * @param {Phone} phone
   * @param {Settings} settings
   * @param {Environment} env
   * @param {{onOpen: () => void, onClose: () => void, onLanguage: () => void}} on
   */
  constructor(phone, settings, env, on) {
    this.phone = phone;
    this.env = env;
    this.settings = settings;
    this.#on = on;
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
   * Add style sheets that are not there yet.
   * @param {string[]} texts
   */
  adoptStyles(...texts) {
    this.#styleSheets.add(...texts);
  }

  /** Adopt the sheet with the page's colour and its distance from the corner, in the place of the former one. */
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
      this.#on.onOpen();
    }
    if (!focus) return;
    if (this.#panel) this.#panel.focusMain();
    else this.#focusedBefore = this.env.document.activeElement;
  }

  /** Close the panel beside its button; one in an element of the page stays. */
  close() {
    if (!this.isInline) this.#close();
  }

  #close() {
    if (!this.isOpen) return;
    this.#panel?.closeSheet();
    this.isOpen = false;
    this.#focusedBefore = undefined;
    this.render();
    this.#on.onClose();
  }

  show() {
    this.#isHideAwaited = false;
    this.#isButtonShown = true;
    if (this.#isInContainer) this.isOpen = true;
    this.render();
  }

  /** Show nothing, as with `data-hidden`, from now on, or from the end of the call. */
  hide() {
    this.#isHideAwaited = this.phone.isInCall;
    if (this.#isHideAwaited) return;
    this.#isButtonShown = false;
    this.#close();
    this.render();
  }

  /**
   * Show a number in the panel, to be called when a person says so.
   * @param {string} number
   * @param {EpochPhoneCallOptions} options
   */
  propose(number, options) {
    this.#proposal = { number, options };
    this.#takeProposal();
  }

  /**
   * Apply the settings with these names, which have changed.
   * @param {string[]} names
   */
  update(names) {
    /** @param {string[]} some */
    const has = (...some) => some.some((name) => names.includes(name));
    if (has("color", "offsetX", "offsetY")) this.#adoptPageStyles();
    if (has("locale", "texts")) this.#translation.load();
    if (has("container")) this.#followContainer();
    if (has("hidden")) {
      if (isOn(this.settings.hidden)) this.hide();
      else this.show();
    }
    this.render();
  }

  remove() {
    this.#translation.stop();
    this.#stopFollowing();
    this.#loader.stop();
    for (const cleanup of this.#cleanups) cleanup();
  }

  render() {
    const { phone } = this;
    const focused = /** @type {HTMLElement & {disabled?: boolean} | null} */ (this.shadow.activeElement);
    const hasCall = Boolean(phone.isInCall || (phone.remoteCall && this.#isButtonShown));
    if (this.#isHideAwaited && !phone.isInCall) {
      this.hide();
      return;
    }
    this.#applyLooks();
    if (phone.isReady) this.#loader.loadWhenIdle();
    if ((this.isOpen || hasCall) && !this.#problem) this.#loader.load();
    const shown = this.#panel?.update(hasCall);
    this.#renderButton(shown?.announcement ?? this.#announcement, Boolean(shown?.isBarShown));
    // The browser removes the focus from a hidden element later, and then gives it to the page.
    if (focused?.disabled || focused?.closest("[hidden]")) this.#restoreFocus();
  }

  /** True if the panel stands in an element of the page, not beside its button. */
  get isInline() {
    return this.#isInContainer && this.mount.isHome && !this.#problem;
  }

  /** Place the phone in the element that the page names, whenever there is one. */
  #followContainer() {
    const { container } = this.settings;
    this.#stopFollowing();
    this.#stopFollowing = () => {};
    if (container) this.#stopFollowing = followContainer(container, this.env, (place) => this.#moveTo(place));
    else this.#moveTo(null);
  }

  /** @param {Element | null} container */
  #moveTo(container) {
    const isInContainer = container !== null;
    this.mount.setHome(container);
    if (isInContainer === this.#isInContainer) return;
    this.#isInContainer = isInContainer;
    // Nobody has asked for the panel: there is no event, and the voice SDK waits.
    if (this.#isButtonShown || this.isOpen) this.isOpen = isInContainer || this.phone.isInCall;
    this.render();
  }

  get #panel() {
    return this.#loader.panel;
  }

  /** The words of the live region while there is no panel. */
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

  /** True if nothing but the button can end the call. */
  get #isHangUpButton() {
    return Boolean(this.#problem && this.phone.isInCall);
  }

  /**
   * @param {string} announcement
   * @param {boolean} isBarShown The bar of a call stands in the button's place.
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
      nearPanel: () => this.isInline && this.#preload(),
      usePanel: () => this.isInline && this.#onInlineUse(),
      keyDown: (event) => this.#onKeyDown(event),
    });
    this.shadow.replaceChildren(...this.#styleSheets.elements, elements.root);
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

  /** Follow the page's language, unless the page has chosen one for the phone, and its colour scheme. */
  #onPageChange() {
    this.#translation.followPage();
    this.#applyLooks();
  }

  #onTranslated() {
    const hadFocus = this.shadow.activeElement;
    this.#panel?.closeSheet();
    this.button = this.#attachButton();
    this.#panel?.rebuild();
    this.render();
    this.#prepare();
    if (hadFocus) this.#restoreFocus();
    this.#on.onLanguage();
  }

  #takeProposal() {
    const { number, options } = this.#proposal ?? {};
    if (!this.#panel || number === undefined) return;
    this.#proposal = null;
    this.#panel.propose(number, options ?? {});
  }

  /** Load what the phone is used with, because a person is about to use it. */
  #preload() {
    this.phone.preload();
    if (this.#panel) this.#panel.preload();
    else this.#loader.load();
  }

  /** Somebody uses the panel in an element of the page, which is open all the time. */
  #onInlineUse() {
    this.#preload();
    this.phone.warmUp();
  }

  /** Load what an open panel is used with; in an element of the page, not what calls need, before a person uses it. */
  #prepare() {
    if (this.isInline) this.#panel?.loadDialer();
    else if (this.isOpen) this.#preload();
  }

  #onPanelLoaded() {
    // A person who went elsewhere meanwhile keeps the focus there.
    const takesFocus = this.isOpen && this.#focusedBefore === this.env.document.activeElement;
    this.#setProblem(null);
    this.render();
    this.#prepare();
    if (takesFocus) this.#panel?.focusMain();
    this.#takeProposal();
  }

  /** @param {Problem} problem */
  #onPanelFailed(problem) {
    const isMissed = this.isOpen || this.phone.isInCall || this.phone.remoteCall;
    // Nobody has asked for it yet: it is tried again when somebody does.
    if (!isMissed) return;
    this.#setProblem(problem);
    if (this.isOpen) this.#close();
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

  #applyLooks() {
    applyLooks(this.button.root, this.settings, this.phone.account?.settings, this.env.document);
  }

  #restoreFocus() {
    const { fab } = this.button;
    if (this.isOpen && this.#panel) this.#panel.focusMain();
    else if (fab.hidden) this.#panel?.focusBar();
    else fab.focus();
  }
}
