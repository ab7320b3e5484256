/** Shows the calling page's texts beside the phone: state, notice, setup, and the call in the remote frame. */
import { isPressKey, Presses } from "../../phone/ui/presses.js";
import { elementById } from "../shared/dom.js";
import { IN_CALL_STATES, STATE_TEXTS } from "../shared/states.js";

/** @import { CallStatus, Command } from "./remote-frame.js" */

/** @param {Document} document */
export function createView(document) {
  const status = elementById("status", document);
  const notice = elementById("notice", document);
  const muteButton = /** @type {HTMLButtonElement} */ (elementById("remote-mute", document));
  const hangupButton = /** @type {HTMLButtonElement} */ (elementById("remote-hangup", document));
  let isMuted = false;

  /** @param {EpochPhoneState} state */
  const showState = (state) => {
    status.dataset.state = state;
    status.textContent = STATE_TEXTS[state];
  };
  return {
    showState,
    /**
     * Show a sentence above the phone; an empty one hides it.
     * @param {string} text
     */
    showNotice(text) {
      notice.textContent = text;
      notice.hidden = !text;
    },
    /** Show how the page is set up, to somebody who opened it outside HubSpot. */
    showSetup() {
      elementById("setup", document).hidden = false;
      status.textContent = "Not in HubSpot";
    },
    /**
     * Make this the remote frame, which only shows what the phone in the calling window does.
     * @param {(command: Command) => void} send
     */
    showRemote(send) {
      elementById("remote", document).hidden = false;
      status.textContent = "No phone window";
      const presses = new Presses(Date.now);
      for (const button of [hangupButton, muteButton]) {
        button.addEventListener("keydown", (event) => {
          // While a key is held, the browser clicks repeatedly.
          if (event.repeat && isPressKey(event)) event.preventDefault();
        });
      }
      hangupButton.addEventListener("click", (event) => {
        if (presses.accepts(event)) send("hangup");
      });
      muteButton.addEventListener("click", (event) => {
        if (presses.accepts(event)) send(isMuted ? "unmute" : "mute");
      });
    },
    /** @param {CallStatus} status */
    showRemoteCall({ state, number, muted }) {
      const isInCall = IN_CALL_STATES.includes(state);
      showState(state in STATE_TEXTS ? state : "loading");
      elementById("remote-call", document).textContent = isInCall ? `${STATE_TEXTS[state]}: ${number}` : "No call.";
      hangupButton.disabled = muteButton.disabled = !isInCall;
      isMuted = muted === true;
      // The button's name says what a press does, as on the phone's own button.
      muteButton.textContent = isMuted ? "Unmute" : "Mute";
      muteButton.toggleAttribute("data-on", isMuted);
    },
  };
}
