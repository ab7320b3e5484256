/** The bar of a closed panel: who is called, the time and the controls of a call, and for some seconds how it ended. */
import { muteButton, withoutRepetition } from "../components.js";
import { button, h, ICONS, icon } from "../dom.js";

/** @import { PhoneCall } from "../../types.d.ts" */
/** @import { Panel } from "../panel.js" */
/** @import { View } from "../views.js" */

const END_SHOWN_MS = 6_000;
const STILL_READ_MS = 500;

/**
 * @typedef {object} CallBarOptions
 * @property {HTMLElement} root Gets the bar.
 * @property {(number: string) => string} format
 * @property {() => void} hangUp
 */

export class CallBar {
  #panel;
  #format;
  #bar;
  #who;
  #time;
  #mute;
  #expand;
  #endBar;
  #endWho;
  #endText;
  #endExpand;
  /**
   * The ended call that the bar tells about.
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
    // With a mouse the whole bar opens the panel; its texts are no button, because a name that changes each second would
    // be read out each second.
    /** @param {MouseEvent} event */
    const openByText = (event) => {
      // The path, because Mute has replaced its pressed icon by now.
      if (!event.composedPath().some((node) => node instanceof HTMLButtonElement)) open();
    };
    this.#expand = expandButton();
    this.#endExpand = expandButton();
    this.#who = h("bdi", { class: "called", dir: "auto" });
    this.#time = h("span", { class: "time", dir: "auto" });
    this.#endWho = h("bdi", { class: "time", dir: "auto" });
    this.#endText = h("span", { class: "called" });
    this.#mute = muteButton(texts, "round", () => panel.phone.mute(!panel.phone.isMuted));
    this.#bar = h(
      "div",
      { class: "bar", part: "bar", role: "group", hidden: true, click: openByText },
      this.#expand,
      h("div", { class: "call" }, this.#who, this.#time),
      this.#mute.element,
      button({ class: "round stop", "aria-label": texts.hangUp, click: hangUp }, icon(ICONS.phone)),
    );
    // An element of its own: nothing is seen to move.
    this.#endBar = h(
      "div",
      { class: "end", part: "bar", hidden: true, click: openByText },
      this.#endExpand,
      h("div", { class: "call" }, this.#endWho, this.#endText),
    );
    root.append(this.#bar, this.#endBar);
  }

  /**
   * Show or hide the bar; returns the text for the live region, undefined if the bar is hidden.
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
    this.#who.textContent = this.#nameOf(view);
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
    this.#endWho.textContent = this.#nameOf(view);
    this.#endText.textContent = message?.message ?? status ?? "";
    this.#endBar.toggleAttribute("data-bad", Boolean(message && !message.isCalm));
    // The panel's own alert is hidden with it. The other side's hanging up is told too.
    const words = message ? withoutRepetition(message) : [status, note];
    this.#endAnnouncement = words.filter(Boolean).join(". ");
    this.#timer = setTimeout(() => this.#endShowing(), END_SHOWN_MS);
  }

  /** Go back to the button, unless a person is reading or has the focus in the bar. */
  #endShowing() {
    if (this.#isEndInUse()) {
      this.#timer = setTimeout(() => this.#endShowing(), STILL_READ_MS);
      return;
    }
    this.#forgetEnd();
    this.#panel.render();
  }

  /**
   * True if a mouse is over the bar, or the keyboard's focus in it. On touch screens the place of the last tap counts as
   * hovered, and a tap leaves the focus: both mean nothing there.
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
