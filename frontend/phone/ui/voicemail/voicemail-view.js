/** Offers in the panel's connected call to leave a greeting in the mailbox that it has reached. */
import { asProblem } from "../../errors.js";
import { voicemail as english } from "../../i18n/locales/en.js";
import { post } from "../../session/api-client.js";
import { credentialsOf } from "../../session/page-request.js";
import { button, h, icon } from "../dom.js";
import { leftGreetings } from "./left-greetings.js";
import { VOICEMAIL_STYLES } from "./styles.js";

/** @import { PanelElements } from "../panel-elements.js" */
/** @import { Panel } from "../panel.js" */
/** @import { View } from "../views.js" */

/** @typedef {{id: string, name: string}} Greeting */

const TAPE = "M2 12a4 4 0 1 0 8 0a4 4 0 1 0-8 0M14 12a4 4 0 1 0 8 0a4 4 0 1 0-8 0M6 16h12";

export class VoicemailView {
  #panel;
  #drop;
  #words;
  #slot = h("div", { class: "voicemail", hidden: true });
  /** The call whose greetings were asked for. */
  #callId = "";
  #isBusy = false;
  /** @type {"offer" | "left" | null} */
  #shown = null;

  /**
   * @param {Panel} panel
   * @param {PanelElements} elements
   * @param {(greetingId: string) => Promise<void>} drop Rejects with Problem.
   */
  constructor(panel, { tools }, drop) {
    this.#panel = panel;
    this.#drop = drop;
    this.#words = panel.texts.voicemail ?? english;
    panel.adoptStyles(VOICEMAIL_STYLES);
    tools.after(this.#slot);
  }

  /** @param {View} view */
  update({ isLive, isInPopOut, state }) {
    const { call } = this.#panel.phone;
    const callId = call?.callId ?? "";
    const isConnected = Boolean(isLive && !isInPopOut && callId);
    if (isConnected && callId !== this.#callId) this.#ask(callId);
    const isLeft = state === "completed" && leftGreetings.has(callId);
    if (isLeft && this.#shown !== "left")
      this.#show("left", h("div", { class: "voicemail-said calm", role: "status" }, this.#words.left));
    this.#slot.hidden = !(isLeft || (isConnected && this.#shown === "offer"));
  }

  /**
   * Ask for the greetings of a call, and offer them if there are any.
   * @param {string} callId
   */
  async #ask(callId) {
    this.#callId = callId;
    this.#isBusy = false;
    this.#show(null);
    const { phone, env, settings } = this.#panel;
    try {
      const body = { ...credentialsOf(phone, settings), call_id: callId };
      const { greetings } = await post(env, env.base, "voicemail-greetings", body);
      if (callId !== this.#callId || greetings.length === 0) return;
      this.#offer(greetings);
      this.#panel.render();
    } catch {
      // Nothing is offered in this call.
    }
  }

  /** @param {Greeting[]} greetings The first one is left unless another one is chosen. */
  #offer(greetings) {
    const words = this.#words;
    const options = greetings.map(({ id, name }) => h("option", { value: id }, name));
    const choice = h("select", { dir: "auto" }, ...options);
    const said = h("div", { class: "voicemail-said", role: "alert" });
    const leave = button(
      { class: "leave", click: () => this.#leave(choice.value, leave, said) },
      icon(TAPE),
      words.leave,
    );
    this.#show("offer", ...(greetings.length > 1 ? [h("label", {}, words.greeting, choice)] : []), leave, said);
  }

  /**
   * @param {string} greetingId
   * @param {HTMLButtonElement} leave
   * @param {HTMLElement} said
   */
  async #leave(greetingId, leave, said) {
    if (this.#isBusy) return;
    const { texts } = this.#panel;
    this.#isBusy = true;
    // Not disabled: it would lose the focus.
    leave.setAttribute("aria-disabled", "true");
    said.textContent = "";
    try {
      await this.#drop(greetingId);
    } catch (error) {
      const { code, message } = asProblem(error, "service_unavailable");
      said.textContent = this.#words.notLeft.replace("{reason}", texts.problems?.[code]?.[0] ?? message);
    } finally {
      this.#isBusy = false;
      leave.removeAttribute("aria-disabled");
    }
  }

  /**
   * @param {"offer" | "left" | null} shown
   * @param {Node[]} nodes
   */
  #show(shown, ...nodes) {
    this.#shown = shown;
    this.#slot.replaceChildren(...nodes);
  }
}
