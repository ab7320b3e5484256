/** The chunk of debug mode: logs to the console what the phone does and why, without tokens and phone numbers. */
import { permissionsPolicyOf } from "../call/microphone.js";
import { fixes } from "../i18n/locales/en.js";

/** @import { Phone } from "../core.js" */
/** @import { CallDetails, Environment, Settings } from "../types.d.ts" */
/** @typedef {(text: string, data?: object) => void} Log */

/** @type {[RegExp, string][]} */
const MASKS = [
  [/ept_\w+/g, "ept_…"],
  [/eyJ[\w-]+\.[\w-]+(?:\.[\w-]+)?/g, "<access token>"],
  [/\+?\d[\d\s().-]{5,}\d/g, "<number>"],
];
/** @type {(keyof Settings)[]} */
const APPEARANCE_SETTINGS = /** @type {const} */ (["position", "theme", "color", "locale", "hidden", "container"]);
const LOGGED_SETTINGS = /** @type {const} */ ([
  ...APPEARANCE_SETTINGS,
  "clickToCall",
  "confirm",
  "dialpad",
  "telOnPhones",
  "popOut",
]);

/**
 * A text of a page, the SDK or the server, without tokens and numbers.
 * @param {unknown} text
 */
export const mask = (text) =>
  MASKS.reduce((masked, [pattern, replacement]) => masked.replace(pattern, replacement), String(text));

/**
 * Log what `phone` does; returns a function that ends the log.
 * @param {Phone} phone
 * @param {Environment} env
 * @param {Settings} settings
 */
export function startLogging(phone, env, settings) {
  const startedAt = env.now();
  /** @type {Log} */
  const log = (text, data) => {
    const line = `[EpochPhone] +${((env.now() - startedAt) / 1000).toFixed(3)} s  ${text}`;
    if (data === undefined) console.info(line);
    else console.info(line, data);
  };
  const stops = [logEvents(phone, env, log), logChanges(phone, log), logRequests(env, log), logCspViolations(env, log)];
  log(`debug mode. ${describePage(phone, env)}`, chosenSettings(settings));
  // The page may have called before this chunk was loaded.
  if (phone.isInCall && phone.call) log(describeCallStart(phone.call));
  stops.push(logEarlierRequests(env, log));
  logMicrophonePermission(env, log);
  return () => {
    for (const stop of stops) stop();
    log("debug mode ends");
  };
}

/**
 * @param {Phone} phone
 * @param {Environment} env
 */
function describePage({ state }, { base, window, navigator, document }) {
  const facts = {
    state,
    page: window.location.origin,
    service: base,
    framed: window.parent !== window,
    secure: window.isSecureContext,
    online: navigator.onLine,
    microphone:
      permissionsPolicyOf(document)?.allowsFeature?.("microphone") === false
        ? "forbidden by a policy"
        : "not forbidden",
  };
  const list = Object.entries(facts).map(([name, value]) => `${name}: ${value}`);
  return list.join(", ");
}

/** @param {Settings} settings */
const chosenSettings = (settings) =>
  Object.fromEntries(
    LOGGED_SETTINGS.filter((name) => settings[name] !== undefined).map((name) => [name, settings[name]]),
  );

/**
 * Log requests that began before this chunk was loaded, also if their responses come later.
 * @param {Environment} env
 * @param {Log} log
 */
function logEarlierRequests({ base, window }, log) {
  const { PerformanceObserver, performance } = window;
  if (!PerformanceObserver) return () => {};
  const startedAt = performance.now();
  const observer = new PerformanceObserver((list) => {
    for (const { name, startTime, duration } of list.getEntries()) {
      if (startTime > startedAt || !name.startsWith(`${base}/widget/`)) continue;
      log(`earlier request ${new URL(name).pathname} in ${Math.round(duration)} ms`);
    }
  });
  observer.observe({ type: "resource", buffered: true });
  return () => observer.disconnect();
}

/**
 * @param {Environment} env
 * @param {Log} log
 */
async function logMicrophonePermission({ navigator }, log) {
  try {
    const { state } = await navigator.permissions.query({ name: "microphone" });
    log(`the browser's permission for the microphone: ${state}`);
  } catch {
    // Not every browser supports this query.
  }
}

/**
 * Log each event; ringing and answer with the time since the dial.
 * @param {Phone} phone
 * @param {Environment} env
 * @param {Log} log
 */
function logEvents(phone, env, log) {
  const sinceDial = () => `${env.now() - Date.parse(phone.call?.startedAt ?? "")} ms after the dial`;
  /** @type {{[Event in keyof EpochPhoneEvents]: (payload: EpochPhoneEvents[Event]) => string}} */
  const describe = {
    ready: () => {
      const { expires_in: life, signaling, country } = phone.exchangeResponse ?? {};
      const carrier = signaling ? `the sandbox at ${signaling}` : "Twilio";
      return `ready: access token for ${life} s, country ${country}, carrier ${carrier}`;
    },
    error: ({ code, message }) => `error ${code}: ${mask(message)}`,
    callStarted: describeCallStart,
    callAnswered: ({ callId }) => `call ${callId} answered, ${sinceDial()}`,
    callEnded: ({ callId, status, duration, message }) => {
      const { endedByRemote } = phone.call?.ended ?? {};
      const reason = message ? `: ${mask(message)}` : endedByRemote ? ", by the other side" : "";
      return `call ${callId} ended ${status} after ${duration} s${reason}`;
    },
    callOutcome: ({ callId }) => `outcome of call ${callId} stored`,
    stateChanged: ({ state, previous }) => {
      const since = state === "ringing" ? `, ${sinceDial()}` : "";
      return `state ${previous} → ${state}${since}`;
    },
    muted: ({ muted }) => (muted ? "muted" : "unmuted"),
    open: () => "panel opened",
    close: () => "panel closed",
  };
  const stops = /** @type {(keyof EpochPhoneEvents)[]} */ (Object.keys(describe)).map((event) => {
    const describeEvent = /** @type {(payload: unknown) => string} */ (describe[event]);
    return phone.events.on(event, (payload) => log(describeEvent(payload)));
  });
  return () => {
    for (const stop of stops) stop();
  };
}

/** @param {Pick<CallDetails, "callId" | "metadata">} call */
function describeCallStart({ callId, metadata }) {
  const keys = Object.keys(metadata ?? {}).length;
  return `call ${callId} begins${keys ? `, metadata keys: ${keys}` : ""}`;
}

/**
 * Log changes without an event: network, connection, warnings, devices, other tabs, the pop-out, and the advice that is
 * shown.
 * @param {Phone} phone
 * @param {Log} log
 */
function logChanges(phone, log) {
  const readFacts = () =>
    new Map([
      ["the network", phone.isOffline ? "is unavailable" : "is available"],
      ["the connection to the carrier", phone.isReconnecting ? "is being restored" : "works"],
      ["the voice SDK", phone.warnings.size ? `warns of ${[...phone.warnings].join(", ")}` : "has no warnings"],
      ["the audio device", phone.lostDevice ? `was unplugged: ${phone.lostDevice}` : "is plugged in"],
      ["another tab", phone.remoteCall ? "has a call" : "has no call"],
      ["the call", phone.isInPopOut ? "is in the pop-out" : "is not in the pop-out"],
      ["advice", describeAdvice(phone)],
    ]);
  let before = readFacts();
  return phone.onChange(() => {
    const after = readFacts();
    for (const [name, fact] of after) if (fact !== before.get(name)) log(`${name} ${fact}`);
    before = after;
  });
}

/** @param {Phone} phone */
const describeAdvice = ({ problem, dialError, notice, call }) => {
  const shownProblem = problem ?? dialError ?? notice ?? call?.ended?.problem;
  const { code, specificFix, help, fixCode = "", fix } = shownProblem ?? {};
  const advice = specificFix ?? help ?? fixes[fixCode] ?? fix;
  return advice ? `about ${code}: ${mask(advice)}` : "";
};

/**
 * Log each request to the service and each loaded file, with its time.
 * @param {Environment} env
 * @param {Log} log
 */
function logRequests(env, log) {
  env.requestObserver = async (kind, url, send) => {
    const name = `${kind} ${new URL(url).pathname}`;
    const startedAt = env.now();
    try {
      const result = await send();
      const status = kind === "POST" ? /** @type {{status?: number}} */ (result).status : "loaded";
      log(`${name}: ${status} in ${env.now() - startedAt} ms`);
      return result;
    } catch (error) {
      const errorName = /** @type {Error | undefined} */ (error)?.name ?? "?";
      log(`${name}: failed after ${env.now() - startedAt} ms (${errorName})`);
      throw error;
    }
  };
  return () => {
    env.requestObserver = null;
  };
}

/**
 * @param {Environment} env
 * @param {Log} log
 */
function logCspViolations({ document, base }, log) {
  /** @param {SecurityPolicyViolationEvent} violation */
  const onViolation = ({ effectiveDirective, blockedURI, disposition }) => {
    // Violations of the page's own requests are not logged.
    if (!/twilio\.com/.test(blockedURI) && !blockedURI.startsWith(String(base))) return;
    log(
      `the page's Content-Security-Policy (${effectiveDirective}, ${disposition}) blocks ${mask(originOf(blockedURI))}`,
    );
  };
  document.addEventListener("securitypolicyviolation", onViolation);
  return () => document.removeEventListener("securitypolicyviolation", onViolation);
}

/** @param {string} url */
function originOf(url) {
  try {
    return new URL(url).origin;
  } catch {
    return url;
  }
}
