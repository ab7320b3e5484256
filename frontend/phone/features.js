/** Enables the optional features of a page's phone, whose code is in chunks. Each function returns one that stops the feature. */
import { isOn } from "./config.js";
import { loadTexts } from "./i18n/texts.js";

/** @import { Phone } from "./core.js" */
/** @import { ClickToCall } from "./lazy/click-to-call.js" */
/** @import { Environment, Settings } from "./types.d.ts" */

const ignoreError = () => {};

/**
 * Make the page's numbers call.
 * @param {Environment} env
 * @param {Phone} phone
 * @param {EpochPhoneApi} api
 * @param {Settings} settings
 */
export function enableClickToCall(env, phone, api, settings) {
  /** @type {ClickToCall | null} */
  let clickToCall = null;
  let isStopped = false;
  const unsubscribe = phone.events.on("ready", () => clickToCall?.refresh());
  Promise.all([env.loadChunk("click-to-call"), loadTexts(settings.locale, env, settings.texts)]).then(
    ([{ startClickToCall }, texts]) => {
      if (!isStopped) clickToCall = startClickToCall(env, phone, api, texts);
    },
    (problem) => console.warn("[EpochPhone] click-to-call is off:", problem.fix),
  );
  return () => {
    isStopped = true;
    unsubscribe();
    clickToCall?.stop();
  };
}

/**
 * Place calls in the pop-out, also in one that an earlier page opened: it announces itself by a message.
 * @param {Environment} env
 * @param {Phone} phone
 * @param {Settings} settings
 * @param {string | null} origin The phone service's.
 */
export function listenForPopOut(env, phone, settings, origin) {
  /** @param {MessageEvent} message */
  const onMessage = ({ data, origin: sender, source }) => {
    if (sender !== origin || data?.epochphone !== "window") return;
    const popOutWindow = /** @type {Window} */ (source);
    phone.calls.getPopOut(settings).then((popOut) => popOut.onAnnounced(popOutWindow, data.link), ignoreError);
  };
  env.window.addEventListener("message", onMessage);
  // Loaded before a click: browsers allow a window to be opened within the click only.
  if (isOn(settings.popOut)) phone.calls.getPopOut(settings).catch(ignoreError);
  return () => env.window.removeEventListener("message", onMessage);
}

/**
 * Log to the console what the phone does.
 * @param {Environment} env
 * @param {Phone} phone
 * @param {Settings} settings
 */
export function enableDebug(env, phone, settings) {
  let isStopped = false;
  const logging = env
    .loadChunk("debug")
    .then(({ startLogging }) => (isStopped ? undefined : startLogging(phone, env, settings)))
    .catch(ignoreError);
  return () => {
    isStopped = true;
    logging.then((stop) => stop?.());
  };
}
