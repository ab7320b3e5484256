/** Debug mode: says in the console what the phone does and why. No token and no number gets there, in whole or in part. */
import { fixes } from "../i18n/locales/en.js";

const SECRETS = [
  [/ept_\w+/g, "ept_…"],
  [/eyJ[\w-]+\.[\w-]+(?:\.[\w-]+)?/g, "<access token>"],
  [/\+?\d[\d\s().-]{5,}\d/g, "<number>"],
];
const SHOWN = ["position", "theme", "color", "locale", "clickToCall", "hidden", "popOut"];
const EVENTS = ["ready", "error", "callStarted", "callAnswered", "callEnded", "stateChanged", "muted", "open", "close"];

/** What a text that others have written may be told as. */
export const mask = (text) => SECRETS.reduce((told, [secret, shown]) => told.replace(secret, shown), String(text));

/** Tell of `phone` with `settings` until the returned function is called. */
export function explain(phone, env, settings) {
  const begun = env.now();
  const say = (text, more) => {
    const line = `[EpochPhone] +${((env.now() - begun) / 1000).toFixed(3)} s  ${text}`;
    if (more === undefined) console.info(line);
    else console.info(line, more);
  };
  const leave = [hearEvents(phone, env, say), hearChanges(phone, say), hearRequests(env, say), hearPolicy(env, say)];
  say(`debug mode. ${whereabouts(phone, env)}`, chosen(settings));
  // This part comes when it comes: a page may have called meanwhile.
  if (phone.isInCall) say(beginning(phone.call));
  leave.push(hearPast(env, say));
  hearPermission(env, say);
  return () => {
    for (const stop of leave) stop();
    say("debug mode ends");
  };
}

function whereabouts({ state }, { base, window, navigator, document }) {
  const policy = document.permissionsPolicy ?? document.featurePolicy;
  const facts = {
    state,
    page: window.location.origin,
    service: base,
    framed: window.parent !== window,
    secure: window.isSecureContext,
    online: navigator.onLine,
    microphone: policy?.allowsFeature?.("microphone") === false ? "forbidden by a policy" : "not forbidden",
  };
  const list = Object.entries(facts).map(([name, value]) => `${name}: ${value}`);
  return list.join(", ");
}

const chosen = (settings) =>
  Object.fromEntries(SHOWN.filter((name) => settings[name] !== undefined).map((name) => [name, settings[name]]));

/** What was asked before anybody listened, whose answer may still be on its way: a phone does not wait for this part. */
function hearPast({ base, window }, say) {
  const { PerformanceObserver, performance } = window;
  if (!PerformanceObserver) return () => {};
  const begun = performance.now();
  const observer = new PerformanceObserver((list) => {
    for (const { name, startTime, duration } of list.getEntries()) {
      if (startTime > begun || !name.startsWith(`${base}/widget/`)) continue;
      say(`before: ${new URL(name).pathname} in ${Math.round(duration)} ms`);
    }
  });
  observer.observe({ type: "resource", buffered: true });
  return () => observer.disconnect();
}

async function hearPermission({ navigator }, say) {
  try {
    const { state } = await navigator.permissions.query({ name: "microphone" });
    say(`the browser's permission for the microphone: ${state}`);
  } catch {
    // Not every browser tells.
  }
}

/** Each event, with how long a call took to ring and to be answered. */
function hearEvents(phone, env, say) {
  const took = () => `${env.now() - Date.parse(phone.call.startedAt)} ms after the dial`;
  const telling = {
    ready: () => {
      const { expires_in: life, signaling, country } = phone.account ?? {};
      const carrier = signaling ? `the sandbox at ${signaling}` : "Twilio";
      return `ready: access token for ${life} s, country ${country}, carrier ${carrier}`;
    },
    error: ({ code, message }) => `error ${code}: ${mask(message)}`,
    callStarted: beginning,
    callAnswered: ({ callId }) => `call ${callId} answered, ${took()}`,
    callEnded: ({ callId, status, duration, message }) => {
      const { theirs } = phone.call?.ended ?? {};
      const why = message ? `: ${mask(message)}` : theirs ? ", by the other side" : "";
      return `call ${callId} ended ${status} after ${duration} s${why}`;
    },
    stateChanged: ({ state, previous }) => {
      const since = state === "ringing" ? `, ${took()}` : "";
      return `state ${previous} → ${state}${since}`;
    },
    muted: ({ muted }) => (muted ? "muted" : "unmuted"),
    open: () => "panel opened",
    close: () => "panel closed",
  };
  const stops = EVENTS.map((event) => phone.events.on(event, (payload) => say(telling[event](payload ?? {}))));
  return () => {
    for (const stop of stops) stop();
  };
}

function beginning({ callId, metadata }) {
  const keys = Object.keys(metadata ?? {}).length;
  return `call ${callId} begins${keys ? `, metadata keys: ${keys}` : ""}`;
}

/** What is no event: the line's troubles, other tabs, the window of its own, what was refused at the field. */
function hearChanges(phone, say) {
  const facts = () => ({
    "the network": phone.isOffline ? "is gone" : "is there",
    "the connection to the carrier": phone.reconnecting ? "is being built up again" : "is as it should be",
    "the voice SDK": phone.warnings.size ? `warns of ${[...phone.warnings].join(", ")}` : "warns of nothing",
    devices: phone.lost ? `: the ${phone.lost} was unplugged` : "are plugged in",
    "another tab": phone.elsewhere ? "has a call" : "has no call",
    "the call": phone.isApart ? "is in a window of its own" : "is in no other window",
    "what to do": adviceOn(phone),
  });
  let before = facts();
  return phone.watch(() => {
    const after = facts();
    for (const [name, fact] of Object.entries(after)) if (fact !== before[name]) say(`${name} ${fact}`);
    before = after;
  });
}

const adviceOn = ({ problem, complaint, aside, call }) => {
  const trouble = problem ?? complaint ?? aside ?? call?.ended?.problem;
  const fix = trouble && (trouble.fix ?? fixes[trouble.kind]);
  return fix ? `about ${trouble.code}: ${mask(fix)}` : "";
};

/** Each question to the service and each file that is loaded, with its time. */
function hearRequests(env, say) {
  const { fetch, load } = env;
  const timed = async (name, work, outcome) => {
    const begun = env.now();
    try {
      const answer = await work();
      say(`${name}: ${outcome(answer)} in ${env.now() - begun} ms`);
      return answer;
    } catch (error) {
      say(`${name}: failed after ${env.now() - begun} ms (${error?.name ?? "?"})`);
      throw error;
    }
  };
  const nameOf = (url) => new URL(url).pathname;
  env.fetch = (url, options) =>
    timed(
      `POST ${nameOf(url)}`,
      () => fetch(url, options),
      ({ status }) => status,
    );
  env.load = (url) =>
    timed(
      `file ${nameOf(url)}`,
      () => load(url),
      () => "loaded",
    );
  return () => Object.assign(env, { fetch, load });
}

function hearPolicy({ document, base }, say) {
  const blocked = ({ effectiveDirective, blockedURI, disposition }) => {
    // What the page does besides is not ours to tell.
    if (!/twilio\.com/.test(blockedURI) && !blockedURI.startsWith(base)) return;
    say(
      `the page's Content-Security-Policy (${effectiveDirective}, ${disposition}) blocks ${mask(originOf(blockedURI))}`,
    );
  };
  document.addEventListener("securitypolicyviolation", blocked);
  return () => document.removeEventListener("securitypolicyviolation", blocked);
}

function originOf(address) {
  try {
    return new URL(address).origin;
  } catch {
    return address;
  }
}
