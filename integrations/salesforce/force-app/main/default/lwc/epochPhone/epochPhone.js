/**
 * Loads the page's one phone, which all components share, so that a call continues while people open other records.
 * Logs each call once in Salesforce, because the component that began the call may no longer exist when the call ends.
 */
import { loadScript } from "lightning/platformResourceLoader";
import EPOCH_WIDGET from "@salesforce/resourceUrl/EpochWidget";
import logCall from "@salesforce/apex/EpochCallLogger.logCall";

const BUILT_IN_TOKEN = "ept_YOUR_TOKEN_HERE";
const TOKEN_FORMAT = /^ept_[0-9A-Za-z]{38}$/;
const NO_TOKEN = "No embed token. Set one in the component's properties";
const NOT_LOADED = "The phone did not load. Check the static resource EpochWidget";
const IN_CALL_STATES = ["dialing", "ringing", "in-progress"];
// Above the utility bar.
const OFFSET_Y_PX = 64;

const logListeners = new Set();
let loading = null;
let currentToken = null;

/** True if a call is under way in `state`. */
export const isInCall = (state) => IN_CALL_STATES.includes(state);

/**
 * Resolves to the phone, loaded for `component` and started with its token. Rejects with an Error, whose message people
 * see, if there is no token or the resource does not load.
 */
export async function phoneFor(component, embedToken) {
  const token = embedToken?.trim() || (TOKEN_FORMAT.test(BUILT_IN_TOKEN) ? BUILT_IN_TOKEN : "");
  if (!token) throw new Error(NO_TOKEN);
  loading ??= load(component, token);
  try {
    await loading;
  } catch {
    loading = null;
    throw new Error(NOT_LOADED);
  }
  const phone = window.EpochPhone;
  if (token !== currentToken && !isInCall(phone.getState())) {
    currentToken = token;
    phone.init(settingsFor(token));
  }
  return phone;
}

/** Calls `listener` after each log with `{ error }`, null if the call was logged. Returns a function that stops it. */
export function onLogged(listener) {
  logListeners.add(listener);
  return () => logListeners.delete(listener);
}

// No pop-out: Lightning Web Security separates a component from windows of another origin.
const settingsFor = (token) => ({ token, offsetY: OFFSET_Y_PX, popOut: "off" });

async function load(component, token) {
  // loadScript() sets no attributes: the phone reads its settings from here.
  window.EpochPhoneConfig = settingsFor(token);
  currentToken = token;
  await loadScript(component, EPOCH_WIDGET);
  window.EpochPhone.on("callEnded", logEndedCall);
}

// Calls are outbound unless the phone says otherwise.
async function logEndedCall({ callId, number, direction = "outbound", status, duration, metadata }) {
  let error = null;
  try {
    await logCall({
      callId,
      phoneNumber: number,
      direction,
      status,
      seconds: duration,
      recordId: metadata?.recordId ?? null,
    });
  } catch (problem) {
    error = problem.body?.message ?? "The call was not logged";
  }
  for (const listener of logListeners) listener({ error });
}
