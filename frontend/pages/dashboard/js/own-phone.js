/** The dashboard's own phone on the pages *Test call* and *Call back*: enables the call button and shows the state. */
import { elementById } from "../../shared/dom.js";

/** @type {Record<EpochPhoneState, string>} */
const STATE_TEXTS = {
  loading: "The phone is starting…",
  ready: "Ready. The phone is in the corner; people see your own number.",
  dialing: "Calling…",
  ringing: "Ringing…",
  "in-progress": "In a call.",
  completed: "The call ended. It is in your call list.",
  failed: "The call failed. The phone says why.",
  error: "The phone has a problem. Open it to see what you can do.",
};

/** States in which no other call can begin. */
const IN_CALL_STATES = new Set(["dialing", "ringing", "in-progress"]);

/** @param {Document} document */
export function enableOwnPhone(document) {
  const button = /** @type {HTMLButtonElement | null} */ (document.getElementById("open-phone"));
  if (!button) return;
  const stateText = elementById("phone-state", document);
  const phone = window.EpochPhone;
  if (!phone) {
    stateText.textContent =
      "The phone did not load. Reload this page; if it does not help, try another browser or network.";
    return;
  }
  const { number, from } = button.dataset;
  /** @param {EpochPhoneState} state */
  const show = (state) => {
    stateText.textContent = STATE_TEXTS[state];
    button.disabled = state === "loading" || (Boolean(number) && IN_CALL_STATES.has(state));
  };
  button.addEventListener("click", () => (number ? phone.call(number, from ? { from } : {}) : phone.open()));
  phone.on("stateChanged", ({ state }) => show(state));
  show(phone.getState());
}
