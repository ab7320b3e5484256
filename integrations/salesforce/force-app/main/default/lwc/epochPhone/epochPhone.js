/**
 * The page's one phone, shared by all components and outliving them: a call goes on while people move between records.
 * For the same reason calls are logged here, each once, and not by a component that may be gone by then.
 */
import { loadScript } from "lightning/platformResourceLoader";
import EPOCH_WIDGET from "@salesforce/resourceUrl/EpochWidget";
import logCall from "@salesforce/apex/EpochCallLogger.logCall";

const MADE_FOR = "ept_YOUR_TOKEN_HERE";
const TOKEN = /^ept_[0-9A-Za-z]{38}$/;
const NO_TOKEN = "No embed token. Set one in the component's properties";
const NOT_LOADED = "The phone did not load. Check the static resource EpochWidget";
const IN_CALL = ["dialing", "ringing", "in-progress"];
const ABOVE_UTILITY_BAR_PX = 64;

const watchers = new Set();
let loading = null;
let current = null;

/** Whether a call is under way in `state`. */
export const isInCall = (state) => IN_CALL.includes(state);

/**
 * Resolves to the phone, loaded for `component` and started with its token.
 * Rejects with an Error for people to read when there is no token or the resource does not load.
 */
export async function phoneFor(component, embedToken) {
  const token = embedToken?.trim() || (TOKEN.test(MADE_FOR) ? MADE_FOR : "");
  if (!token) throw new Error(NO_TOKEN);
  loading ??= load(component, token);
  try {
    await loading;
  } catch {
    loading = null;
    throw new Error(NOT_LOADED);
  }
  const phone = window.EpochPhone;
  if (token !== current && !isInCall(phone.getState())) {
    current = token;
    phone.init(settings(token));
  }
  return phone;
}

/** Tells `watcher` of each logged call: `{ error }`, null where all went well. Returns the way to stop that. */
export function onLogged(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

// Under Lightning Web Security a component and a window of another origin do not know each other.
const settings = (token) => ({ token, offsetY: ABOVE_UTILITY_BAR_PX, popOut: "off" });

async function load(component, token) {
  // The resource's loader hands no attributes over: the phone reads its settings from here.
  window.EpochPhoneConfig = settings(token);
  current = token;
  await loadScript(component, EPOCH_WIDGET);
  window.EpochPhone.on("callEnded", log);
}

// Calls are outbound unless the phone says otherwise.
async function log({ callId, number, direction = "outbound", status, duration, metadata }) {
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
  for (const watcher of watchers) watcher({ error });
}
