/** Lists in the panel the missed calls that a signed-in person has not seen, each with Call back. */
import { missedCalls as english } from "../../i18n/locales/en.js";
import { post } from "../../session/api-client.js";
import { credentialsOf } from "../../session/page-request.js";
import { createTimeFormat } from "../dialer/recent-calls.js";
import { button, h } from "../dom.js";
import { MISSED_CALLS_STYLES } from "./styles.js";

/** @import { PanelElements } from "../panel-elements.js" */
/** @import { Panel } from "../panel.js" */
/** @import { View } from "../views.js" */

/**
 * @typedef {object} MissedCalls The answer of the server.
 * @property {number} count Of all unseen ones; the server stops at 100.
 * @property {{id: string, number: string, called: string, startedAt: string}[]} calls The newest ones whose callers can be
 *   called: the caller's number and the organization's number that it called, E.164.
 * @property {string | null} asOf
 */

const MAX_EXACT_COUNT = 99;

export class MissedCallsView {
  #panel;
  #words;
  #format;
  #formatTime;
  #slot = h("div", { class: "missed-calls", hidden: true });
  /** @type {MissedCalls} */
  #missed = { count: 0, calls: [], asOf: null };
  #shownKey = "";
  /** True while the list is as new as the last time the panel was opened, or the last call ended. */
  #isCurrent = false;

  /**
   * @param {Panel} panel
   * @param {PanelElements} elements
   * @param {(number: string) => string} format
   */
  constructor(panel, { recentCalls }, format) {
    this.#panel = panel;
    this.#format = format;
    this.#words = panel.texts.missedCalls ?? english;
    this.#formatTime = createTimeFormat(panel.texts.core.language, panel.env.now);
    panel.adoptStyles(MISSED_CALLS_STYLES);
    recentCalls.before(this.#slot);
  }

  /**
   * @param {View} view
   * @param {boolean} isCovered
   */
  update({ state }, isCovered) {
    const { isOpen, phone } = this.#panel;
    if (!isOpen || phone.isInCall) this.#isCurrent = false;
    const isShown = isOpen && state === "ready";
    if (isShown && !this.#isCurrent) this.#ask({});
    this.#slot.hidden = !isShown || isCovered || this.#missed.count === 0;
    if (!this.#slot.hidden) this.#show();
  }

  /** @param {{seen_until?: string | null}} fields */
  async #ask(fields) {
    this.#isCurrent = true;
    const { phone, env, settings } = this.#panel;
    try {
      const body = { ...credentialsOf(phone, settings), ...fields };
      this.#missed = await post(env, env.base, "missed-calls", body);
      this.#panel.render();
    } catch {
      // The list stays as it was; the next opening of the panel asks again.
    }
  }

  #show() {
    const { count, calls, asOf } = this.#missed;
    const key = [count, ...calls.flatMap(({ id, number }) => [id, this.#format(number)])].join(" ");
    // New buttons would lose the focus, and a press that has begun.
    if (key === this.#shownKey) return;
    this.#shownKey = key;
    const { title, seen } = this.#words;
    const id = "missed-calls";
    const shown = count > MAX_EXACT_COUNT ? `${MAX_EXACT_COUNT}+` : String(count);
    const markAsSeen = () => {
      this.#panel.focusMain();
      this.#ask({ seen_until: asOf });
    };
    this.#slot.replaceChildren(
      h(
        "div",
        { class: "heading" },
        h("span", { id }, title.replace("{count}", shown)),
        button({ class: "clear", click: markAsSeen }, seen),
      ),
      h("ul", { "aria-labelledby": id }, ...calls.map((call) => this.#row(call))),
    );
  }

  /** @param {MissedCalls["calls"][number]} call */
  #row({ number, called, startedAt }) {
    const written = this.#format(number);
    const { callBack } = this.#words;
    return h(
      "li",
      { class: "missed-call" },
      h("div", {}, h("bdi", { dir: "ltr" }, written), h("small", {}, this.#formatTime(new Date(startedAt)))),
      button(
        { class: "back-call", "aria-label": `${callBack} ${written}`, click: () => this.#callBack(number, called) },
        callBack,
      ),
    );
  }

  /**
   * Call the caller, who sees the number that they called, as long as it can be shown.
   * @param {string} number
   * @param {string} called
   */
  #callBack(number, called) {
    const { phone } = this.#panel;
    const canShow = phone.account?.from_numbers?.some((one) => one.number === called);
    if (phone.canDial) phone.dial(number, canShow ? { from: called } : {});
  }
}
