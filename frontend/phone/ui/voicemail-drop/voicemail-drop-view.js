/** Offers the voicemail drop in the panel: leaves a recorded message in the mailbox that a connected call has reached. */
import { asProblem } from "../../errors.js";
import { voicemail as english } from "../../i18n/locales/en.js";
import { post } from "../../session/api-client.js";
import { credentialsOf } from "../../session/page-request.js";
import { button, h, icon } from "../dom.js";
import { callsWithVoicemailDrop } from "./calls-with-voicemail-drop.js";
import { VOICEMAIL_DROP_STYLES } from "./styles.js";

/** @import { PanelElements } from "../panel-elements.js" */
/** @import { Panel } from "../panel.js" */
/** @import { View } from "../views.js" */

/** @typedef {{id: string, name: string}} Greeting A recorded message (the API calls it a voicemail greeting). */

const TAPE_ICON = "M2 12a4 4 0 1 0 8 0a4 4 0 1 0-8 0M14 12a4 4 0 1 0 8 0a4 4 0 1 0-8 0M6 16h12";

export class VoicemailDropView {
  #panel;
  #drop;
  #texts;
  #slot = h("div", { class: "voicemail", hidden: true });
  /** The id of the call whose greetings were requested. */
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
    this.#texts = panel.texts.voicemail ?? english;
    panel.adoptStyles(VOICEMAIL_DROP_STYLES);
    tools.after(this.#slot);
  }

  /** @param {View} view */
  update({ isLive, isInPopOut, state }) {
    const { call } = this.#panel.phone;
    const callId = call?.callId ?? "";
    const isConnected = Boolean(isLive && !isInPopOut && callId);
    if (isConnected && callId !== this.#callId) this.#requestGreetings(callId);
    const isLeft = state === "completed" && callsWithVoicemailDrop.has(callId);
    if (isLeft && this.#shown !== "left")
      this.#show("left", h("div", { class: "voicemail-message calm", role: "status" }, this.#texts.left));
    this.#slot.hidden = !(isLeft || (isConnected && this.#shown === "offer"));
  }

  /**
   * Request the greetings that can be left in a call, and offer them if there are any.
   * @param {string} callId
   */
  async #requestGreetings(callId) {
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
      // Without the list, no voicemail drop is offered in this call.
    }
  }

  /** @param {Greeting[]} greetings The first one is left unless the person chooses another one. */
  #offer(greetings) {
    const texts = this.#texts;
    const options = greetings.map(({ id, name }) => h("option", { value: id }, name));
    const choice = h("select", { dir: "auto" }, ...options);
    const message = h("div", { class: "voicemail-message", role: "alert" });
    const leave = button(
      { class: "leave", click: () => this.#leave(choice.value, leave, message) },
      icon(TAPE_ICON),
      texts.leave,
    );
    this.#show("offer", ...(greetings.length > 1 ? [h("label", {}, texts.greeting, choice)] : []), leave, message);
  }

  /**
   * @param {string} greetingId
   * @param {HTMLButtonElement} leave
   * @param {HTMLElement} message Shows why the greeting was not left.
   */
  async #leave(greetingId, leave, message) {
    if (this.#isBusy) return;
    const { texts } = this.#panel;
    this.#isBusy = true;
    // Not `disabled`: the button would lose the focus.
    leave.setAttribute("aria-disabled", "true");
    message.textContent = "";
    try {
      await this.#drop(greetingId);
    } catch (error) {
      const problem = asProblem(error, "service_unavailable");
      const reason = texts.problems?.[problem.code]?.[0] ?? problem.message;
      message.textContent = this.#texts.notLeft.replace("{reason}", reason);
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
