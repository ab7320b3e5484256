// The phone's window: starts the phone, and calls the number that background.js passes as soon as the phone is ready.
import { API_BASE, readToken } from "./config.js";

const NO_TOKEN = "This copy has no embed token. Set one in the options";
const BUSY = "A call is under way. Hang up before you call another number";
/** @type {EpochPhoneState[]} */
const IN_CALL_STATES = ["dialing", "ringing", "in-progress"];
const MAX_LABEL_LENGTH = 60;

const note = /** @type {HTMLElement} */ (document.getElementById("note"));
const setup = /** @type {HTMLElement} */ (document.getElementById("setup"));
/** @type {string | null} */
let waitingNumber = null;
let lastProblem = "";

/** @param {string} text */
const showNote = (text) => {
  note.textContent = text;
};

function callWaitingNumber() {
  const state = EpochPhone.getState();
  if (waitingNumber === null || state === "loading") return;
  const number = waitingNumber;
  waitingNumber = null;
  const label = number.trim().slice(0, MAX_LABEL_LENGTH);
  if (IN_CALL_STATES.includes(state)) showNote(`${BUSY}: ${label}`);
  else if (EpochPhone.call(number, { metadata: { source: "chrome-extension" } })) showNote("");
  else showNote(`${lastProblem}: ${label}`);
}

/** Take the number that background.js left. */
async function takeNumber() {
  /** @type {{dial?: {number: string}}} */
  const { dial } = await chrome.storage.session.get("dial");
  if (!dial) return;
  await chrome.storage.session.remove("dial");
  waitingNumber = dial.number;
  callWaitingNumber();
}

const token = await readToken();
if (token) {
  EpochPhone.on("error", ({ message }) => {
    lastProblem = message;
    callWaitingNumber();
  });
  EpochPhone.on("ready", callWaitingNumber);
  EpochPhone.init({ token, apiBase: API_BASE, popOut: "off" });
  EpochPhone.open();
  chrome.storage.session.onChanged.addListener(takeNumber);
  await takeNumber();
} else {
  showNote(NO_TOKEN);
  setup.hidden = false;
}
