/** Lists in the panel the missed calls that a signed-in person has not seen, each with a button that calls back. */
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
 * @property {number} count The number of unseen missed calls; the server counts up to 100.
 * @property {{id: string, number: string, called: string, startedAt: string}[]} calls The newest ones whose callers can be
 *   called back: `number` is the caller's, `called` the organization's number that was called, both E.164.
 * @property {string | null} asOf The time of the answer, RFC 3339; sent back as `seen_until`.
 */

const MAX_EXACT_COUNT = 99;

export class MissedCallsView {
  #panel;
  #texts;
  #format;
  #formatTime;
  #slot = h("div", { class: "missed-calls", hidden: true });
  /** @type {MissedCalls} */
  #missed = { count: 0, calls: [], asOf: null };
  #shownKey = "";
  /** True if the list was requested since the panel was opened, and since the last call ended. */
  #isCurrent = false;

  /**
   * @param {Panel} panel
   * @param {PanelElements} elements
   * @param {(number: string) => string} format
   */
  constructor(panel, { recentCalls }, format) {
    this.#panel = panel;
    this.#format = format;
    this.#texts = panel.texts.missedCalls ?? english;
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
    if (isShown && !this.#isCurrent) this.#request({});
    this.#slot.hidden = !isShown || isCovered || this.#missed.count === 0;
    if (!this.#slot.hidden) this.#show();
  }

  /**
   * Request the list; with `seen_until`, first mark the calls until that time as seen.
   * @param {{seen_until?: string | null}} fields
   */
  async #request(fields) {
    this.#isCurrent = true;
    const { phone, env, settings } = this.#panel;
    try {
      const body = { ...credentialsOf(phone, settings), ...fields };
      this.#missed = await post(env, env.base, "missed-calls", body);
      this.#panel.render();
    } catch {
      // The list stays as it was; it is requested again when the panel is opened the next time.
    }
  }

  #show() {
    const { count, calls, asOf } = this.#missed;
    const key = [count, ...calls.flatMap(({ id, number }) => [id, this.#format(number)])].join(" ");
    // Replacing the buttons would lose the focus and interrupt a press.
    if (key === this.#shownKey) return;
    this.#shownKey = key;
    const { title, seen } = this.#texts;
    const id = "missed-calls";
    const countText = count > MAX_EXACT_COUNT ? `${MAX_EXACT_COUNT}+` : String(count);
    const markAsSeen = () => {
      this.#panel.focusMain();
      this.#request({ seen_until: asOf });
    };
    this.#slot.replaceChildren(
      h(
        "div",
        { class: "heading" },
        h("span", { id }, title.replace("{count}", countText)),
        button({ class: "clear", click: markAsSeen }, seen),
      ),
      h("ul", { "aria-labelledby": id }, ...calls.map((call) => this.#row(call))),
    );
  }

  /** @param {MissedCalls["calls"][number]} call */
  #row({ number, called, startedAt }) {
    const formatted = this.#format(number);
    const { callBack } = this.#texts;
    return h(
      "li",
      { class: "missed-call" },
      h("div", {}, h("bdi", { dir: "ltr" }, formatted), h("small", {}, this.#formatTime(new Date(startedAt)))),
      button(
        { class: "back-call", "aria-label": `${callBack} ${formatted}`, click: () => this.#callBack(number, called) },
        callBack,
      ),
    );
  }

  /**
   * Call the caller back. The call shows the number that the caller had called, if calls may still show it.
   * @param {string} number The caller's.
   * @param {string} called The organization's.
   */
  #callBack(number, called) {
    const { phone } = this.#panel;
    const canShow = phone.exchangeResponse?.from_numbers?.some((fromNumber) => fromNumber.number === called);
    if (phone.canDial) phone.dial(number, canShow ? { from: called } : {});
  }
}
