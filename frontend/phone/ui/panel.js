/** The panel: shows the phone's state in the panel's elements and the call bar, and handles the user's actions. */
import { nextTask } from "../browser/next-task.js";
import { formatE164 } from "../numbers/parse.js";
import { isOff } from "../config.js";
import { core } from "../i18n/locales/en.js";
import { CallTimer } from "./call-timer.js";
import { copyDetails } from "./copy-details.js";
import { isolateEvents } from "./host-page/event-isolation.js";
import { TopLayer } from "./host-page/top-layer.js";
import { LazyViews } from "./lazy-views.js";
import { NumberFieldText } from "./number-field-text.js";
import { buildPanelElements } from "./panel-elements.js";
import { PANEL_STYLES } from "./panel-styles.js";
import { renderView } from "./render-view.js";
import { Sheet } from "./settings-sheet/sheet.js";
import { viewOf, withoutDialpad } from "./views.js";
import { followVisibleArea } from "./visible-area.js";

/** @import { Texts } from "../i18n/texts.js" */
/** @import { DialerEnhancements } from "../lazy/dialer.js" */
/** @import { PanelElements } from "./panel-elements.js" */
/** @import { PhoneHost } from "./phone-host.js" */
/** @import { Action, View } from "./views.js" */

/** @type {Texts} */
const ENGLISH = { core };

export class Panel {
  phone;
  env;
  #host;
  /** @type {PanelElements} */
  #elements;
  #isKeypadShown = false;
  #sentDigits = "";
  /** @type {View | null} */
  #view = null;
  #timer;
  /** @type {DialerEnhancements | null} */
  #dialer = null;
  #sheet = new Sheet(this);
  /** @type {LazyViews} */
  #lazyViews;
  #numberFieldText = new NumberFieldText();
  #stopIsolation;
  #topLayer;
  #isStopped = false;
  /** True while tones wait until a person sends them. */
  #hasWaitingTones = false;
  #stopFollowingVisibleArea;

  /** @param {PhoneHost} host */
  constructor(host) {
    this.phone = host.phone;
    this.env = host.env;
    this.#host = host;
    this.#lazyViews = new LazyViews(this, (number) => this.#formatNumber(number));
    this.adoptStyles(PANEL_STYLES);
    this.#timer = new CallTimer(host.phone, host.env, (text, isTime) => this.#showTime(text, isTime));
    this.#stopFollowingVisibleArea = followVisibleArea(host.env.window, () => host.button.root);
    this.#elements = this.#build();
    const element = /** @type {HTMLElement} */ (host.shadow.host);
    this.#stopIsolation = isolateEvents(element, host.env.window);
    this.#topLayer = new TopLayer(element, host.button.root, host.env, host.mount, () => this.render());
  }

  get isOpen() {
    return this.#host.isOpen;
  }

  get settings() {
    return this.#host.settings;
  }

  get texts() {
    return this.#host.translation ?? ENGLISH;
  }

  /**
   * Add those style sheets that the shadow root does not have.
   * @param {string[]} texts
   */
  adoptStyles(...texts) {
    this.#host.adoptStyles(...texts);
  }

  open() {
    this.#host.open();
  }

  close() {
    this.#host.close();
  }

  closeSheet() {
    this.#sheet.close();
  }

  /** Show the phone's present state in the panel and the floating button. */
  render() {
    this.#host.render();
  }

  stop() {
    this.#isStopped = true;
    this.#stopFollowingVisibleArea();
    this.#timer.stop();
    this.#sheet.close();
    this.#dialer?.stop();
    this.#topLayer.stop();
    this.#stopIsolation();
  }

  /** Build the panel again in the present language, beside the host's new button. */
  rebuild() {
    const { value } = this.#elements.field.input;
    this.#dialer?.stop();
    this.#dialer = null;
    this.#elements = this.#build();
    this.#elements.field.input.value = value;
  }

  /**
   * Show the state of the phone. Returns the text for the live region, and whether the call bar replaces the button.
   * @param {boolean} hasCall True if there is a call, in this tab or in another one.
   */
  update(hasCall) {
    const hadWaitingTones = this.#hasWaitingTones;
    this.#hasWaitingTones = Boolean(this.phone.postDial?.isWaiting);
    const beginsToWait = this.#hasWaitingTones && !hadWaitingTones;
    // Only a person can send the tones. A call in the pop-out asks the person in its window.
    if (beginsToWait && !this.isOpen && !this.phone.isInPopOut) this.#host.open({ focus: false });
    const { phone, isOpen } = this;
    const elements = this.#elements;
    const { input } = elements.field;
    this.#numberFieldText.update(phone, input);
    if (phone.isInCall || !isOpen) this.#numberFieldText.clearProposal(input);
    if (!phone.isInCall) {
      this.#isKeypadShown = false;
      this.#sentDigits = "";
    }
    // The bar is in the dialer's chunk, which is not loaded yet if the call was begun in another tab.
    if (hasCall && !this.#dialer) this.loadDialer();
    const view = this.#viewOf(this.#dialer?.qualityWarning());
    const barAnnouncement = this.#dialer?.bar.update(view, hasCall);
    elements.panel.hidden = !isOpen;
    elements.panel.setAttribute("role", this.#host.isInline ? "region" : "dialog");
    elements.name.textContent = phone.exchangeResponse?.organization ?? this.texts.core.phone;
    elements.from.update(phone, hasCall, (number) => this.#formatNumber(number));
    elements.sandboxMark.hidden = !phone.exchangeResponse?.signaling;
    this.#renderView(view);
    this.#lazyViews.update(elements, view, this.#sheet.name !== null);
    // Dialling put the focus on Hang up: Enter must send the tones and not end the call.
    if (beginsToWait && this.#host.shadow.activeElement === elements.main) elements.secondary.focus();
    this.#timer.update(view.status ?? "");
    const isBarShown = barAnnouncement !== undefined;
    const isNeeded = isOpen || hasCall || isBarShown;
    const { button, isInline } = this.#host;
    this.#topLayer.update(button.root, { isNeeded, isInCall: phone.isInCall, isInline });
    return { announcement: barAnnouncement ?? view.announcement, isBarShown };
  }

  /** True if the page switched the dialpad off (`data-dialpad`), so that nobody can type a number. */
  get #isDialpadOff() {
    return isOff(this.settings.dialpad);
  }

  /** @param {string | undefined} qualityWarning */
  #viewOf(qualityWarning) {
    const { phone } = this;
    const view = viewOf(phone, this.texts, qualityWarning);
    if (!view.showsDialer || !this.#isDialpadOff) return view;
    const offersNumbers = phone.dialError?.code === "ambiguous_number";
    const options = this.#dialer?.prefilledOptions();
    const { value: text } = this.#elements.field.input;
    return withoutDialpad(view, this.texts.core, { offersNumbers, text, proposed: options ?? null });
  }

  /**
   * Show a number in the panel, where it waits until a person presses Call. A number that cannot be called is refused at once.
   * @param {string} text
   * @param {EpochPhoneCallOptions} options
   */
  async propose(text, options) {
    const { phone } = this;
    if (!phone.canDial) return;
    if (phone.state !== "ready") phone.reset();
    const [candidate, otherCandidate] = phone.readNumber(text).candidates;
    if (!candidate || otherCandidate || candidate.isDoubtful) {
      phone.dial(text, options);
      return;
    }
    await this.loadDialer();
    if (this.#isStopped || phone.state !== "ready") return;
    const { input } = this.#elements.field;
    if (this.#dialer) this.#dialer.propose(candidate, options);
    else input.value = text;
    this.#numberFieldText.setProposal(input);
    this.render();
    this.focusMain();
  }

  /** @param {View} view */
  #renderView(view) {
    const { exchangeResponse, isMuted } = this.phone;
    const { field } = this.#elements;
    this.#view = view;
    const peer = view.peer === undefined || view.isAsWritten ? view.peer : this.#formatNumber(view.peer);
    const flags = {
      isMuted,
      isKeypadShown: this.#isKeypadShown,
      sheetName: this.#sheet.name,
      sentDigits: this.#sentDigits,
    };
    renderView(this.#elements, { ...view, peer }, flags);
    if (this.#dialer) this.#dialer.update(view);
    else
      field.country.textContent = exchangeResponse
        ? `${exchangeResponse.country} +${exchangeResponse.calling_code}`
        : "";
  }

  #build() {
    const { phone } = this;
    /** @param {"main" | "secondary"} name */
    const runAction =
      (name) =>
      (/** @type {MouseEvent} */ { detail }) => {
        const action = this.#view?.[name]?.action;
        // The second click of a double click would hang up the call that the first one began.
        if (detail <= 1 && action) this.#actions[action]();
      };
    return buildPanelElements(this.#host.button, this.texts.core, {
      close: () => this.close(),
      settings: () => void this.#sheet.toggle("more", this.#elements.sheet),
      devices: () => void this.#sheet.toggle("devices", this.#elements.sheet),
      call: () => this.#call(),
      input: () => this.#onInput(),
      mute: () => phone.mute(!phone.isMuted),
      keypad: () => {
        this.#isKeypadShown = !this.#isKeypadShown;
        this.render();
      },
      press: (digit) => this.#pressKey(digit),
      holdZero: () => this.#typePlus(),
      pickFrom: (number) => {
        phone.pickedFrom = phone.requestedFrom = number;
        this.render();
      },
      main: runAction("main"),
      secondary: runAction("secondary"),
    });
  }

  /** Load the dialer's chunk and the files for calls, because a person is about to use the phone. */
  preload() {
    this.phone.preload();
    this.loadDialer();
  }

  /** Load the dialer's chunk. Each step runs in its own task: one task for all would block a slow page. */
  async loadDialer() {
    try {
      const { enhanceDialer } = await this.env.loadChunk("dialer");
      if (this.#dialer) return;
      await nextTask();
      if (this.#isStopped || this.#dialer) return;
      const dialer = enhanceDialer(this, this.#elements, {
        onInput: () => this.#onInput(),
        hangUp: () => this.#actions.hangUp(),
      });
      this.#dialer = dialer;
      await nextTask();
      if (this.#dialer === dialer && !this.#isStopped) this.render();
    } catch {
      // Without the dialer, numbers are dialled as typed.
    }
  }

  /**
   * @param {string} text The status of the call, or its running time.
   * @param {boolean} isTime
   */
  #showTime(text, isTime) {
    // Any other text is shown already, as a part of the view.
    if (isTime) this.#elements.status.textContent = text;
    this.#dialer?.bar.showTime(text);
  }

  /** @param {string | undefined} number E.164. */
  #formatNumber(number = "") {
    return this.#dialer?.format(number) ?? formatE164(number);
  }

  #onInput() {
    this.phone.warmUp();
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
    this.#type(digit);
  }

  /** @param {string} text Added to the number. */
  #type(text) {
    const { input } = this.#elements.field;
    input.value += text;
    // Dispatched as on typing, so that the number is formatted.
    input.dispatchEvent(new Event("input"));
  }

  /** Type the "+" of key 0; false in a call, where key 0 sends a tone. */
  #typePlus() {
    if (!this.#view?.showsDialer || this.phone.isInCall) return false;
    this.#type("+");
    return true;
  }

  /** @param {KeyboardEvent} event */
  onKeyDown(event) {
    if (event.key === "Escape" && this.isOpen && this.#host.isInline && !this.#sheet.name) {
      this.#numberFieldText.clearProposal(this.#elements.field.input);
      this.render();
      return;
    }
    if (event.key === "Escape" && this.isOpen) {
      event.stopPropagation();
      // Otherwise the browser would also close the page's own dialog.
      event.preventDefault();
      if (this.#sheet.name) this.#sheet.close();
      else this.close();
      return;
    }
    const isTyping = /^(?:INPUT|SELECT|TEXTAREA)$/.test(/** @type {Element} */ (event.target).tagName);
    if (isTyping || !this.isOpen || this.#sheet.name || event.repeat || event.ctrlKey || event.metaKey || event.altKey)
      return;
    if ((event.key === "+" && this.#typePlus()) || this.#lazyViews.onKey(event)) {
      event.preventDefault();
      return;
    }
    if (!/^[0-9*#]$/.test(event.key) || (this.phone.state !== "in-progress" && !this.#view?.showsDialer)) return;
    event.preventDefault();
    this.#elements.keys.flash(event.key);
    this.#pressKey(event.key);
  }

  #call() {
    const { input } = this.#elements.field;
    const options = this.#dialer?.prefilledOptions();
    if (this.#isDialpadOff && !options) return;
    // As on other telephones: with an empty field, Call first shows the last number.
    if (!input.value.trim() && this.#dialer?.showLastNumber()) return;
    if (this.phone.canDial) this.phone.dial(input.value, options);
  }

  focusMain() {
    const { field, actions, main, secondary, moreButton } = this.#elements;
    const actionButton = this.#hasWaitingTones ? secondary : main;
    const target = actions.hidden ? moreButton : field.element.hidden ? actionButton : field.input;
    (target.disabled ? moreButton : target).focus({ preventScroll: true });
  }

  focusBar() {
    this.#dialer?.bar.focus();
  }

  /** @type {Record<Action, () => void>} */
  #actions = {
    call: () => this.#call(),
    hangUp: () => (this.phone.isInCall ? this.phone : this.phone.remoteCall)?.hangup(),
    callAgain: () => this.phone.redial(),
    sendTones: () => this.phone.continuePostDial(),
    reset: () => this.phone.reset(),
    copyDetails: () => this.#copyDetails(),
  };

  #copyDetails() {
    const { problem } = this.phone;
    const message = this.#view?.message;
    const showCopied = () => {
      this.#elements.secondary.textContent = this.texts.core.copied;
    };
    if (problem && message)
      copyDetails({ code: problem.code, ...message }, this.env, { showCopied, restore: () => this.render() });
  }
}
