/** What the page itself shows beside the phone. */
const WORDS = {
  loading: "Starting",
  ready: "Ready",
  dialing: "Calling",
  ringing: "Ringing",
  "in-progress": "In a call",
  completed: "Call ended",
  failed: "Call failed",
  error: "Problem",
};
const IN_CALL = ["dialing", "ringing", "in-progress"];

export function createView(document) {
  const part = (id) => document.getElementById(id);
  const status = part("status");
  const notice = part("notice");

  const view = {
    /** `state` is the phone's. */
    state(state) {
      status.dataset.state = state;
      status.textContent = WORDS[state];
    },
    /** A sentence above the phone; an empty one takes it away. */
    notice(text) {
      notice.textContent = text;
      notice.hidden = !text;
    },
    /** The frame that only shows what the phone in the window does. */
    remote(send) {
      const mute = part("remote-mute");
      part("remote").hidden = false;
      status.textContent = "No phone window";
      part("remote-hangup").addEventListener("click", () => send("hangup"));
      mute.addEventListener("click", () => send(mute.getAttribute("aria-pressed") === "true" ? "unmute" : "mute"));
    },
    remoteCall({ state, number, muted }) {
      const inCall = IN_CALL.includes(state);
      view.state(state in WORDS ? state : "loading");
      part("remote-call").textContent = inCall ? `${WORDS[state]}: ${number}` : "No call.";
      part("remote-hangup").disabled = part("remote-mute").disabled = !inCall;
      part("remote-mute").setAttribute("aria-pressed", String(muted === true));
    },
  };
  return view;
}
