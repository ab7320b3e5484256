// The phone's window: starts the phone and dials what the CRM's page asked for, as soon as that is possible.
import { API_BASE, readToken } from "./config.js";

const NO_TOKEN = "This copy has no embed token. Set one in the options";
const BUSY = "A call is under way. Hang up before you call another number";
const IN_CALL = ["dialing", "ringing", "in-progress"];
const LONGEST_LABEL = 60;

const note = document.getElementById("note");
let waiting = null;
let problem = null;

const say = (text) => {
  note.textContent = text;
};

function dial() {
  const state = EpochPhone.getState();
  if (waiting === null || state === "loading") return;
  const number = waiting;
  waiting = null;
  const label = number.trim().slice(0, LONGEST_LABEL);
  if (IN_CALL.includes(state)) say(`${BUSY}: ${label}`);
  else if (EpochPhone.call(number, { metadata: { source: "chrome-extension" } })) say("");
  else say(`${problem}: ${label}`);
}

async function take() {
  const { dial: asked } = await chrome.storage.session.get("dial");
  if (!asked) return;
  await chrome.storage.session.remove("dial");
  waiting = asked.number;
  dial();
}

const token = await readToken();
if (token) {
  EpochPhone.on("error", ({ message }) => {
    problem = message;
    dial();
  });
  EpochPhone.on("ready", dial);
  EpochPhone.init({ token, apiBase: API_BASE, popOut: "off" });
  EpochPhone.open();
  chrome.storage.session.onChanged.addListener(take);
  await take();
} else {
  say(NO_TOKEN);
  document.getElementById("setup").hidden = false;
}
