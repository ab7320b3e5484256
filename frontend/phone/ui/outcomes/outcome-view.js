/** Asks in the panel for the outcome of each call that was completed, busy or not answered. Stays hidden during a call. */
import { asProblem } from "../../errors.js";
import { outcomes as english } from "../../i18n/locales/en.js";
import { h } from "../dom.js";
import { DraftStore } from "./draft-store.js";
import { missingOutcomeLine, outcomeForm } from "./outcome-form.js";
import { OUTCOME_STYLES } from "./styles.js";

/** @import { PanelElements } from "../panel-elements.js" */
/** @import { Panel } from "../panel.js" */
/** @import { View } from "../views.js" */
/** @import { Draft } from "./draft-store.js" */

/** @type {string[]} */
const ASKED_STATUSES = ["completed", "busy", "no-answer"];
/** Codes of refusals after which the server can never store the outcome of that call. */
const FINAL_CODES = ["not_found", "outcome_too_late", "call_erased"];

/**
 * @typedef {object} OutcomeHandlers
 * @property {(callId: string, outcome: {outcome: string | null, note: string}) => Promise<void>} save Rejects with Problem.
 * @property {(number: string) => string} format
 */

export class OutcomeView {
  #panel;
  #handlers;
  #store;
  #texts;
  #slot = h("div");
  #line = h("div");
  /**
   * The id of the call whose outcome the form asks for now.
   * @type {string | null}
   */
  #askedCallId = null;
  /**
   * The id of the last ended call that the view has handled.
   * @type {string | null}
   */
  #handledCallId = null;
  /** @type {{draft: Draft, outcomes: unknown, form: ReturnType<typeof outcomeForm>} | null} */
  #shown = null;
  #shownLine = "";
  #isBusy = false;
  /** @type {View["state"] | null} */
  #state = null;

  /**
   * @param {Panel} panel
   * @param {PanelElements} elements
   * @param {OutcomeHandlers} handlers
   */
  constructor(panel, { actions, stage }, handlers) {
    this.#panel = panel;
    this.#handlers = handlers;
    this.#store = new DraftStore(panel.env);
    this.#texts = panel.texts.outcomes ?? english;
    panel.adoptStyles(OUTCOME_STYLES);
    actions.before(this.#slot);
    stage.before(this.#line);
  }

  /**
   * @param {View} view
   * @param {boolean} isCovered True while the settings sheet covers the stage.
   */
  update({ state }, isCovered) {
    const { phone } = this.#panel;
    this.#store.open(phone.exchangeResponse);
    if (phone.isInCall) this.#stopAsking();
    else if (state === "ready" && this.#state !== "ready" && this.#state) this.#askedCallId = null;
    this.#state = state;
    this.#askAboutEndedCall();
    const draft = this.#askedCallId ? this.#store.find(this.#askedCallId) : undefined;
    const outcomes = phone.exchangeResponse?.settings?.outcomes;
    this.#slot.hidden = isCovered || !draft;
    if (draft && outcomes && (this.#shown?.draft !== draft || this.#shown.outcomes !== outcomes)) {
      const { activeElement } = /** @type {ShadowRoot} */ (this.#slot.getRootNode());
      // A refreshed token brings a new, equal list: do not replace a form in which a person is writing.
      if (this.#shown?.draft !== draft || !this.#slot.contains(activeElement)) this.#show(draft, outcomes);
    }
    this.#showLine(isCovered || phone.isInCall || Boolean(draft) || state !== "ready");
  }

  /**
   * Handle a key; true if it chose an outcome.
   * @param {KeyboardEvent} event
   */
  onKey({ key, target }) {
    if (this.#slot.hidden || !this.#shown) return false;
    // With the number field in the panel, digits are typed into that field.
    const isFree = this.#state !== "ready" || this.#slot.contains(/** @type {Node} */ (target));
    return isFree && this.#shown.form.press(key);
  }

  /** Ask for the outcome of the phone's call if it has ended and was not handled. */
  #askAboutEndedCall() {
    const { call } = this.#panel.phone;
    if (!call?.ended || call.callId === this.#handledCallId) return;
    this.#handledCallId = call.callId;
    if (!ASKED_STATUSES.includes(call.ended.status)) return;
    const { callId, number } = call;
    if (!this.#store.find(callId)) {
      this.#store.add({ callId, number, endedAt: this.#panel.env.now(), outcome: "", note: "" });
    }
    this.#askedCallId = callId;
  }

  /** Hide the form because a call has begun; remove the drafts that the person did not touch. */
  #stopAsking() {
    if (!this.#askedCallId) return;
    this.#askedCallId = null;
    this.#store.removeUntouched();
  }

  /**
   * @param {Draft} draft
   * @param {import("./outcome-form.js").Outcome[]} outcomes
   */
  #show(draft, outcomes) {
    const form = outcomeForm(draft, outcomes, this.#texts, {
      onChange: () => this.#store.save(),
      onSave: () => void this.#save(),
      onLater: () => {
        draft.isPutOff = true;
        this.#store.save();
        this.#close();
      },
    });
    this.#shown = { draft, outcomes, form };
    this.#slot.replaceChildren(form.element);
  }

  #close() {
    this.#askedCallId = null;
    this.#panel.render();
    this.#panel.focusMain();
  }

  async #save() {
    if (!this.#shown || this.#isBusy) return;
    const { draft, form } = this.#shown;
    this.#isBusy = true;
    form.setBusy(true);
    try {
      await this.#handlers.save(draft.callId, { outcome: draft.outcome || null, note: draft.note });
      this.#store.remove(draft);
      if (this.#askedCallId === draft.callId) this.#showSaved(draft);
    } catch (error) {
      const { code, message } = asProblem(error, "service_unavailable");
      if (FINAL_CODES.includes(code)) this.#store.remove(draft);
      form.showError(this.#texts.notSaved.replace("{reason}", message));
    } finally {
      this.#isBusy = false;
      form.setBusy(false);
    }
  }

  /** @param {Draft} draft */
  #showSaved({ outcome }) {
    const text = [this.#texts.saved, outcome].filter(Boolean).join(" · ");
    this.#slot.replaceChildren(h("div", { class: "outcome outcome-message calm", role: "status" }, text));
    this.#slot.hidden = false;
    this.#shown = null;
    this.#panel.focusMain();
  }

  /** @param {boolean} isHidden */
  #showLine(isHidden) {
    const [draft] = this.#store.drafts;
    this.#line.hidden = isHidden || !draft;
    const number = draft ? this.#handlers.format(draft.number) : "";
    const key = `${draft?.callId} ${number}`;
    if (!draft || this.#shownLine === key) return;
    this.#shownLine = key;
    const line = missingOutcomeLine(number, this.#texts, {
      open: () => {
        this.#askedCallId = draft.callId;
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
