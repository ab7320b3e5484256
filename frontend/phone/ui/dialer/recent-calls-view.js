/** Shows the recent calls below the keypad: those of this tab, and a verified person's own, which the server keeps. */
import { post } from "../../session/api-client.js";
import { RecentCallStore } from "./recent-call-store.js";
import { createTimeFormat, recentCallsList, rewriteNumbers } from "./recent-calls.js";

/** @import { dialer } from "../../i18n/locales/en.js" */
/** @import { Panel } from "../panel.js" */
/** @import { PanelElements } from "../panel-elements.js" */
/** @import { FormatNumber } from "./number-format.js" */
/** @import { RecentCall } from "./recent-call-store.js" */

/**
 * @typedef {object} RecentCallsOptions
 * @property {typeof dialer} words
 * @property {FormatNumber} format
 * @property {(call: RecentCall) => void} onPick
 */

export class RecentCallsView {
  #panel;
  #elements;
  #options;
  #store;
  #formatTime;
  /**
   * The calls that are listed; null before the first list.
   * @type {RecentCall[] | null}
   */
  #shownCalls = null;
  #isServerAsked = false;
  #isStopped = false;

  /**
   * @param {Panel} panel
   * @param {PanelElements} elements
   * @param {RecentCallsOptions} options
   */
  constructor(panel, elements, options) {
    this.#panel = panel;
    this.#elements = elements;
    this.#options = options;
    this.#store = new RecentCallStore(panel.env);
    this.#formatTime = createTimeFormat(panel.texts.core.language, panel.env.now);
  }

  /**
   * Keep the phone's call, and list all where `isShown`.
   * @param {boolean} isShown
   */
  update(isShown) {
    const { phone } = this.#panel;
    this.#store.open(phone.account);
    this.#store.keep(phone.call);
    // Built when they are seen; the store makes a new list for each change.
    if (!isShown || this.#shownCalls === this.#store.calls) return;
    this.#shownCalls = this.#store.calls;
    const { words, onPick } = this.#options;
    this.#elements.recentCalls.replaceChildren(
      ...recentCallsList(this.#shownCalls, words, {
        ...this.#numberTexts,
        onPick,
        onClear: () => this.#clear(),
        formatTime: this.#formatTime,
      }),
    );
  }

  /** The newest call; undefined without one. */
  get lastCall() {
    // The first update may still be to come.
    this.#store.open(this.#panel.phone.account);
    return this.#store.calls.at(0);
  }

  /** Write the listed numbers again: the formats are there. */
  rewriteNumbers() {
    rewriteNumbers(this.#elements.recentCalls, this.#shownCalls ?? [], this.#numberTexts);
  }

  /** Ask the server once for a verified person's own calls. */
  async askServer() {
    const { phone, env, settings } = this.#panel;
    const { token, ticket } = settings;
    // Only our own pages have a ticket from the start, and only there a person can be verified.
    if (this.#isServerAsked || !phone.account?.settings?.recent || !ticket) return;
    this.#isServerAsked = true;
    try {
      const { calls } = await post(env, env.base, "recent", { token, ticket });
      if (this.#isStopped) return;
      this.#store.addFromServer(calls);
      this.#panel.render();
    } catch {
      // The list is this tab's alone.
    }
  }

  stop() {
    this.#isStopped = true;
  }

  get #numberTexts() {
    return { format: this.#options.format, extensionText: this.#panel.texts.core.extension };
  }

  #clear() {
    this.#store.clear();
    this.update(true);
    this.#elements.field.input.focus();
  }
}
