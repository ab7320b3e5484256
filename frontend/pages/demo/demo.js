// The demo page: a CRM's side of the phone. It uses only what any customer's page may use.
import { createActivity } from "./activity-list.js";
import { createConsole } from "./event-log.js";
import { createContacts } from "./contacts.js";
import { createNotice } from "./notice.js";
import { wireSnippet } from "./snippet.js";

const EVENTS = ["ready", "error", "callStarted", "callAnswered", "callEnded", "stateChanged", "muted", "open", "close"];

const STATE_WORDS = {
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

const contacts = createContacts(document);
wireSnippet(document);
const tag = document.querySelector('script[src$="/widget/phone.js"]');
// Without a demo token the server leaves the phone out and the page says what to do.
if (tag) connect(tag, window.EpochPhone);

function connect(tag, phone) {
  const notice = createNotice(document);
  if (!phone) {
    showState("error");
    notice.problem(`The phone did not load from ${tag.src}. Check that the address answers, then reload this page.`);
    return;
  }
  const log = createConsole(document);
  const activity = createActivity(document, contacts.nameOf);
  for (const event of EVENTS) phone.on(event, (payload) => log.add(event, payload));

  phone.on("stateChanged", ({ state }) => {
    showState(state);
    if (state !== "error" && state !== "failed") notice.hide();
  });
  phone.on("error", ({ message }) => {
    if (phone.getState() === "error") {
      notice.problem(`${message.replace(/\.$/, "")}. Open the phone to see what helps.`, () => phone.reset());
    } else {
      notice.problem(message);
    }
  });
  phone.on("callEnded", (call) => {
    activity.add(call);
    contacts.touch(call.number);
  });
  showState(phone.getState());
  explainDeadClicks(phone, notice);
}

function showState(state) {
  document.getElementById("status").dataset.state = state;
  document.getElementById("status-text").textContent = STATE_WORDS[state];
}

/** A click that the phone cannot take must not look like a broken page. */
function explainDeadClicks(phone, notice) {
  document.addEventListener(
    "click",
    (event) => {
      const target = event.target.closest('[data-phone], a[href^="tel:"]');
      if (!target || phone.isReady()) return;
      const state = phone.getState();
      if (IN_CALL.includes(state)) notice.hint("A call is under way. Hang up before you call another number.");
      else if (state === "loading") notice.hint("The phone is still starting. Try again in a moment.");
    },
    true,
  );
}
