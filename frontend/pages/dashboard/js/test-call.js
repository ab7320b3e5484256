/** The Test call card beside the live widget. */
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
  error: "The phone has a problem. Open it to see what helps.",
};

/** @param {Document} document */
export function enableTestCall(document) {
  const button = /** @type {HTMLButtonElement | null} */ (document.getElementById("open-phone"));
  if (!button) return;
  const stateText = elementById("phone-state", document);
  const phone = window.EpochPhone;
  if (!phone) {
    stateText.textContent = "The phone did not load. Reload your own page instead once the snippet is on it.";
    return;
  }
  /** @param {EpochPhoneState} state */
  const show = (state) => {
    stateText.textContent = STATE_TEXTS[state];
    button.disabled = state === "loading";
  };
  button.addEventListener("click", () => phone.open());
  phone.on("stateChanged", ({ state }) => show(state));
  show(phone.getState());
}
