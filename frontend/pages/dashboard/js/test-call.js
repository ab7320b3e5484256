const WORDS = {
  loading: "The phone is starting…",
  ready: "Ready. The phone is in the corner; people see your own number.",
  dialing: "Calling…",
  ringing: "Ringing…",
  "in-progress": "In a call.",
  completed: "The call ended. It is in your call list.",
  failed: "The call failed. The phone says why.",
  error: "The phone has a problem. Open it to see what helps.",
};

/** The Test call card beside the live widget. */
export function wireTestCall(document) {
  const button = document.getElementById("open-phone");
  const phone = window.EpochPhone;
  if (!button) return;
  const line = document.getElementById("phone-state");
  if (!phone) {
    line.textContent = "The phone did not load. Reload your own page instead once the snippet is on it.";
    return;
  }
  const show = (state) => {
    line.textContent = WORDS[state];
    button.disabled = state === "loading";
  };
  button.addEventListener("click", () => phone.open());
  phone.on("stateChanged", ({ state }) => show(state));
  show(phone.getState());
}
