/** Enables the optional features of a page's phone, whose code is in chunks: click-to-call, the pop-out, debug mode. */
import { isOn } from "./config.js";
import { loadTexts } from "./i18n/texts.js";

/** @import { EmbeddedPhone } from "./api.js" */
/** @import { Phone } from "./core.js" */
/** @import { ClickToCall } from "./lazy/click-to-call.js" */
/** @import { Environment, Settings } from "./types.d.ts" */
/**
 * @typedef {object} Feature
 * @property {() => void} stop
 * @property {() => void} [translate] To be called when the language has changed.
 */

const ignoreError = () => {};

/**
 * Make clicks on the page's numbers place calls.
 * @param {Environment} env
 * @param {EmbeddedPhone} embedded
 * @param {Settings} settings
 * @returns {Feature}
 */
export function enableClickToCall(env, embedded, settings) {
  /** @type {ClickToCall | null} */
  let clickToCall = null;
  let isStopped = false;
  const load = () => loadTexts(settings.locale, env, settings.texts);
  const unsubscribe = embedded.phone.events.on("ready", () => clickToCall?.refresh());
  Promise.all([env.loadChunk("click-to-call"), load()]).then(
    ([{ startClickToCall }, texts]) => {
      if (!isStopped) clickToCall = startClickToCall(env, embedded, settings, texts);
    },
    (problem) => console.warn("[EpochPhone] click-to-call is off:", problem.fix),
  );
  return {
    translate: () => void load().then((texts) => clickToCall?.translate(texts)),
    stop() {
      isStopped = true;
      unsubscribe();
      clickToCall?.stop();
    },
  };
}

/**
 * Connect to the pop-out, also one that an earlier page opened: it announces itself to its opener by a message.
 * @param {Environment} env
 * @param {Phone} phone
 * @param {Settings} settings
 * @param {string | null} origin The origin of the phone service.
 * @returns {Feature}
 */
export function listenForPopOut(env, phone, settings, origin) {
  /** @param {MessageEvent} message */
  const onMessage = ({ data, origin: senderOrigin, source }) => {
    if (senderOrigin !== origin || data?.epochphone !== "window") return;
    const popOutWindow = /** @type {Window} */ (source);
    phone.calls.getPopOut(settings).then((popOut) => popOut.onAnnounced(popOutWindow, data.link), ignoreError);
  };
  env.window.addEventListener("message", onMessage);
  // Loaded before a click, because browsers allow a script to open a window only during the click.
  if (isOn(settings.popOut)) phone.calls.getPopOut(settings).catch(ignoreError);
  return { stop: () => env.window.removeEventListener("message", onMessage) };
}

/**
 * Log to the console what the phone does.
 * @param {Environment} env
 * @param {Phone} phone
 * @param {Settings} settings
 * @returns {Feature}
 */
export function enableDebug(env, phone, settings) {
  let isStopped = false;
  const logging = env
    .loadChunk("debug")
    .then(({ startLogging }) => (isStopped ? undefined : startLogging(phone, env, settings)))
    .catch(ignoreError);
  return {
    stop() {
      isStopped = true;
      logging.then((stop) => stop?.());
    },
  };
}
