// The demo page: a CRM that uses the phone. It uses only what any customer's page can use.
import { closest, elementById } from "../shared/dom.js";
import { IN_CALL_STATES, STATE_TEXTS } from "../shared/states.js";
import { createActivityList } from "./activity-list.js";
import { createContacts } from "./contacts.js";
import { createEventLog } from "./event-log.js";
import { enableIncomingCalls } from "./incoming-call.js";
import { createNotice } from "./notice.js";
import { enableSnippetCopy } from "./snippet.js";

/** @type {(keyof EpochPhoneEvents)[]} */
const EVENTS = ["ready", "error", "callStarted", "callAnswered", "callEnded", "stateChanged", "muted", "open", "close"];

const contacts = createContacts(document);
enableSnippetCopy(document);
enableIncomingCalls(document);
/** @type {HTMLScriptElement | null} */
const tag = document.querySelector('script[src$="/widget/phone.js"]');
// Without a demo token the server leaves the phone out, and the page says what to do.
if (tag) connect(tag, window.EpochPhone);

/**
 * @param {HTMLScriptElement} tag
 * @param {EpochPhoneApi | undefined} phone
 */
function connect(tag, phone) {
  const notice = createNotice(document);
  if (!phone) {
    showState("error");
    notice.showProblem(
      `The phone did not load from ${tag.src}. Check that the address answers, then reload this page.`,
    );
    return;
  }
  const eventLog = createEventLog(document);
  const activityList = createActivityList(document, contacts.nameOf);
  for (const event of EVENTS) phone.on(event, (payload) => eventLog.add(event, payload));

  phone.on("stateChanged", ({ state }) => {
    showState(state);
    if (state !== "error" && state !== "failed") notice.hide();
  });
  phone.on("error", ({ message }) => {
    if (phone.getState() === "error") {
      notice.showProblem(`${message.replace(/\.$/, "")}. Open the phone to see what you can do.`, () => phone.reset());
    } else {
      notice.showProblem(message);
    }
  });
  phone.on("callEnded", (call) => {
    activityList.add(call);
    contacts.noteCall(call.number);
  });
  showState(phone.getState());
  explainClicksWithoutEffect(phone, notice);
}

/** @param {EpochPhoneState} state */
function showState(state) {
  elementById("status").dataset.state = state;
  elementById("status-text").textContent = STATE_TEXTS[state];
}

/**
 * Say why a click on a number does not start a call.
 * @param {EpochPhoneApi} phone
 * @param {ReturnType<typeof createNotice>} notice
 */
function explainClicksWithoutEffect(phone, notice) {
  document.addEventListener(
    "click",
    (event) => {
      if (!closest(event, '[data-phone], a[href^="tel:"]') || phone.isReady()) return;
      const state = phone.getState();
      if (IN_CALL_STATES.includes(state)) {
        notice.showHint("A call is under way. Hang up before you call another number.");
      } else if (state === "loading") {
        notice.showHint("The phone is still starting. Try again in a moment.");
      }
    },
    true,
  );
}
