/**
 * The call bar, shown while the panel is closed: the called party, the running time, Mute and Hang up; after the call, how
 * it ended, for some seconds.
 */
import { muteButton, withoutRepetition } from "../components.js";
import { button, h, ICONS, icon } from "../dom.js";

/** @import { PhoneCall } from "../../types.d.ts" */
/** @import { Panel } from "../panel.js" */
/** @import { View } from "../views.js" */

const END_SHOWN_MS = 6_000;
const RECHECK_MS = 500;

/**
 * @typedef {object} CallBarOptions
 * @property {HTMLElement} root The parent of the bar.
 * @property {(number: string) => string} format
 * @property {() => void} hangUp
 */

export class CallBar {
  #panel;
  #format;
  #bar;
  #calledParty;
  #time;
  #mute;
  #expand;
  #endBar;
  #endCalledParty;
  #endText;
  #endExpand;
  /**
   * The ended call that the bar shows.
   * @type {PhoneCall | null}
   */
  #endedCall = null;
  #endAnnouncement = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** True if the bar showed a call of this page at the last update. */
  #hadCall = false;

  /**
   * @param {Panel} panel
   * @param {CallBarOptions} options
   */
  constructor(panel, { root, format, hangUp }) {
    const texts = panel.texts.core;
    this.#panel = panel;
    this.#format = format;
    const open = () => panel.open();
    const expandButton = () =>
      button({ class: "round back", "aria-label": texts.openPhone, click: open }, icon(ICONS.expand));
    // With a mouse the whole bar opens the panel. Its texts are not inside a button, because assistive technology would read
    // out the name of that button each second.
    /** @param {MouseEvent} event */
    const openByText = (event) => {
      // The composed path and not the target, because Mute has already replaced its icon, which was pressed.
      if (!event.composedPath().some((node) => node instanceof HTMLButtonElement)) open();
    };
    this.#expand = expandButton();
    this.#endExpand = expandButton();
    this.#calledParty = h("bdi", { class: "bar-title", dir: "auto" });
    this.#time = h("span", { class: "time", dir: "auto" });
    this.#endCalledParty = h("bdi", { class: "time", dir: "auto" });
    this.#endText = h("span", { class: "bar-title" });
    this.#mute = muteButton(texts, "round", () => panel.phone.mute(!panel.phone.isMuted));
    this.#bar = h(
      "div",
      { class: "bar", part: "bar", role: "group", hidden: true, click: openByText },
      this.#expand,
      h("div", { class: "call" }, this.#calledParty, this.#time),
      this.#mute.element,
      button({ class: "round stop", "aria-label": texts.hangUp, click: hangUp }, icon(ICONS.phone)),
    );
    // Another element than the bar of the call, so that no text moves (a layout shift).
    this.#endBar = h(
      "div",
      { class: "end", part: "bar", hidden: true, click: openByText },
      this.#endExpand,
      h("div", { class: "call" }, this.#endCalledParty, this.#endText),
    );
    root.append(this.#bar, this.#endBar);
  }

  /**
   * Show or hide the bar; returns the text for the live region, or undefined if the bar is hidden.
   * @param {View} view
   * @param {boolean} hasCall True if there is a call, in this tab or in another one.
   * @returns {string | undefined}
   */
  update(view, hasCall) {
    const { phone, isOpen } = this.#panel;
    const { call } = phone;
    if (this.#hadCall && !hasCall && !isOpen && call?.ended) this.#showEnd(call, view);
    else if (isOpen || hasCall || call !== this.#endedCall) this.#forgetEnd();
    const isCallShown = hasCall && !isOpen;
    this.#hadCall = isCallShown && phone.isInCall;
    this.#bar.hidden = !isCallShown;
    this.#bar.setAttribute("aria-label", view.status || this.#panel.texts.core.inCall);
    this.#endBar.hidden = !this.#endedCall;
    this.#calledParty.textContent = this.#nameOf(view);
    this.#mute.element.hidden = !phone.isInCall;
    this.#mute.update(phone.isMuted);
    if (isCallShown) return view.announcement;
    return this.#endedCall ? this.#endAnnouncement : undefined;
  }

  /** @param {string} text The running time, or the state of the call. */
  showTime(text) {
    this.#time.textContent = text;
  }

  focus() {
    (this.#endBar.hidden ? this.#expand : this.#endExpand).focus();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#bar.remove();
    this.#endBar.remove();
  }

  /**
   * The called person's name and company, else the number.
   * @param {View} view
   */
  #nameOf({ peer, person }) {
    return person || this.#format(peer ?? "");
  }

  /**
   * @param {PhoneCall} call
   * @param {View} view Of the ended call.
   */
  #showEnd(call, view) {
    const { message, status, note } = view;
    this.#endedCall = call;
    this.#endCalledParty.textContent = this.#nameOf(view);
    this.#endText.textContent = message?.message ?? status ?? "";
    this.#endBar.toggleAttribute("data-bad", Boolean(message && !message.isCalm));
    // The closed panel's alert is not read out. The note says if the called party hung up.
    const texts = message ? withoutRepetition(message) : [status, note];
    this.#endAnnouncement = texts.filter(Boolean).join(". ");
    this.#timer = setTimeout(() => this.#hideUnlessInUse(), END_SHOWN_MS);
  }

  /** Replace the bar of the ended call by the button, unless a person is reading the bar or has the focus in it. */
  #hideUnlessInUse() {
    if (this.#isEndInUse()) {
      this.#timer = setTimeout(() => this.#hideUnlessInUse(), RECHECK_MS);
      return;
    }
    this.#forgetEnd();
    this.#panel.render();
  }

  /**
   * True if a mouse is over the bar or the keyboard's focus is in it. On touch screens browsers treat the place of the last
   * tap as hovered and leave the focus there, so that neither shows that a person is using the bar.
   */
  #isEndInUse() {
    const isHovered = this.#panel.env.window.matchMedia?.("(hover:hover)").matches && this.#endBar.matches(":hover");
    return isHovered || this.#endBar.querySelector(":focus-visible") !== null;
  }

  #forgetEnd() {
    clearTimeout(this.#timer);
    this.#endedCall = null;
  }
}
