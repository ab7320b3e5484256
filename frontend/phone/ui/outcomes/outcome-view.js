/** Asks in the panel for the outcome of each call that reached somebody; never in a call, and nothing waits for it. */
import { asProblem } from "../../errors.js";
import { outcomes as english } from "../../i18n/locales/en.js";
import { h } from "../dom.js";
import { DraftStore } from "./draft-store.js";
import { missingLine, outcomeForm } from "./outcome-form.js";
import { OUTCOME_STYLES } from "./styles.js";

/** @import { PanelElements } from "../panel-elements.js" */
/** @import { Panel } from "../panel.js" */
/** @import { View } from "../views.js" */
/** @import { Draft } from "./draft-store.js" */

/** @type {string[]} */
const ASKED_STATUSES = ["completed", "busy", "no-answer"];
/** Refusals after which the same words can never be stored. */
const FINAL_CODES = ["not_found", "outcome_too_late", "call_erased"];

/**
 * @typedef {object} OutcomeHandlers
 * @property {(callId: string, outcome: {outcome: string | null, note: string}) => Promise<void>} save Rejects with Problem.
 * @property {(number: string) => string} format
 */

export class OutcomeView {
  #panel;
  #on;
  #store;
  #words;
  #slot = h("div");
  #line = h("div");
  /**
   * The call that is asked about now.
   * @type {string | null}
   */
  #asked = null;
  /**
   * The last call that was taken up.
   * @type {string | null}
   */
  #seen = null;
  /** @type {{draft: Draft, outcomes: unknown, form: ReturnType<typeof outcomeForm>} | null} */
  #shown = null;
  #shownLine = "";
  #isBusy = false;
  /** @type {View["state"] | null} */
  #state = null;

  /**
   * @param {Panel} panel
   * @param {PanelElements} elements
   * @param {OutcomeHandlers} on
   */
  constructor(panel, { actions, stage }, on) {
    this.#panel = panel;
    this.#on = on;
    this.#store = new DraftStore(panel.env);
    this.#words = panel.texts.outcomes ?? english;
    panel.adoptStyles(OUTCOME_STYLES);
    actions.before(this.#slot);
    stage.before(this.#line);
  }

  /**
   * @param {View} view
   * @param {boolean} isCovered True while the settings cover the stage.
   */
  update({ state }, isCovered) {
    const { phone } = this.#panel;
    this.#store.open(phone.account);
    if (phone.isInCall) this.#leave();
    else if (state === "ready" && this.#state !== "ready" && this.#state) this.#asked = null;
    this.#state = state;
    this.#takeUp();
    const draft = this.#asked ? this.#store.find(this.#asked) : undefined;
    const outcomes = phone.account?.settings?.outcomes;
    this.#slot.hidden = isCovered || !draft;
    if (draft && outcomes && (this.#shown?.draft !== draft || this.#shown.outcomes !== outcomes)) {
      const { activeElement } = /** @type {ShadowRoot} */ (this.#slot.getRootNode());
      // A refreshed token brings an equal list: what a person is writing stays.
      if (this.#shown?.draft !== draft || !this.#slot.contains(activeElement)) this.#show(draft, outcomes);
    }
    this.#showLine(isCovered || phone.isInCall || Boolean(draft) || state !== "ready");
  }

  /**
   * Handle a key; true if it was one of the form.
   * @param {KeyboardEvent} event
   */
  onKey({ key, target }) {
    if (this.#slot.hidden || !this.#shown) return false;
    // Beside the number field, digits are for the number.
    const isFree = this.#state !== "ready" || this.#slot.contains(/** @type {Node} */ (target));
    return isFree && this.#shown.form.press(key);
  }

  /** Ask about a call that has ended since. */
  #takeUp() {
    const { call } = this.#panel.phone;
    if (!call?.ended || call.callId === this.#seen) return;
    this.#seen = call.callId;
    if (!ASKED_STATUSES.includes(call.ended.status)) return;
    const { callId, number } = call;
    if (!this.#store.find(callId)) {
      this.#store.add({ callId, number, endedAt: this.#panel.env.now(), outcome: "", note: "" });
    }
    this.#asked = callId;
  }

  /** Make way for a call. */
  #leave() {
    if (!this.#asked) return;
    this.#asked = null;
    this.#store.removeUntouched();
  }

  /**
   * @param {Draft} draft
   * @param {import("./outcome-form.js").Outcome[]} outcomes
   */
  #show(draft, outcomes) {
    const form = outcomeForm(draft, outcomes, this.#words, {
      change: () => this.#store.save(),
      save: () => void this.#save(),
      later: () => {
        draft.isPutOff = true;
        this.#store.save();
        this.#close();
      },
    });
    this.#shown = { draft, outcomes, form };
    this.#slot.replaceChildren(form.element);
  }

  #close() {
    this.#asked = null;
    this.#panel.render();
    this.#panel.focusMain();
  }

  async #save() {
    if (!this.#shown || this.#isBusy) return;
    const { draft, form } = this.#shown;
    this.#isBusy = true;
    form.setBusy(true);
    try {
      await this.#on.save(draft.callId, { outcome: draft.outcome || null, note: draft.note });
      this.#store.remove(draft);
      if (this.#asked === draft.callId) this.#showSaved(draft);
    } catch (error) {
      const { code, message } = asProblem(error, "service_unavailable");
      if (FINAL_CODES.includes(code)) this.#store.remove(draft);
      form.say(this.#words.notSaved.replace("{reason}", message));
    } finally {
      this.#isBusy = false;
      form.setBusy(false);
    }
  }

  /** @param {Draft} draft */
  #showSaved({ outcome }) {
    const text = [this.#words.saved, outcome].filter(Boolean).join(" · ");
    this.#slot.replaceChildren(h("div", { class: "outcome outcome-said calm", role: "status" }, text));
    this.#slot.hidden = false;
    this.#shown = null;
    this.#panel.focusMain();
  }

  /** @param {boolean} isHidden */
  #showLine(isHidden) {
    const [draft] = this.#store.drafts;
    this.#line.hidden = isHidden || !draft;
    const number = draft ? this.#on.format(draft.number) : "";
    const key = `${draft?.callId} ${number}`;
    if (!draft || this.#shownLine === key) return;
    this.#shownLine = key;
    const line = missingLine(number, this.#words, {
      open: () => {
        this.#asked = draft.callId;
        this.#panel.render();
      },
      remove: () => {
        this.#store.remove(draft);
        this.#panel.render();
        this.#panel.focusMain();
      },
    });
    this.#line.replaceChildren(line);
  }
}
