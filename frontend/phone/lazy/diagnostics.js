/** Tries microphone, token, signalling and media without a call, and reports in words. */
import { microphoneBarrier, microphoneProblem } from "../call/microphone.js";
import { record } from "./audio-devices.js";
import { check as english, fixes } from "../i18n/locales/en.js";

export const STEPS = ["microphone", "token", "signaling", "media"];

const SIGNALING_MS = 10_000;
const MEDIA_MS = 10_000;
const LISTEN_MS = 3_000;
const SAMPLE_MS = 100;
// Digital silence is exactly nothing; the quietest room is more.
const SILENCE = 1e-5;
const STUN = "stun:global.stun.twilio.com:3478";
const { steps: WORDS, faults } = english;
/** What this part alone can find, in the words of the report, which stays English. */
const fault = (code) => ({ code, message: faults[code][0], fix: faults[code][1] || null });

/**
 * Run the steps of `STEPS` in turn; `told(name, result, advice)` before each with null, after each with its result, and
 * with the fix where only this case has it.
 * `of` gives the `phone`, its `session()` and a `newLine()` beside its own, and the phone's own `Problem`.
 * The report is `{ok, microphone, token, signaling, media, browser, page, framed, startedAt, ms, text}`; each step is
 * `{ok, code, message, fix, ms}` and what it measured. It holds no token and no number.
 */
export async function check(env, told = () => {}, of) {
  const begun = env.now();
  // What one step leaves to the next: the microphone's stream, and the connection that it was heard through.
  const held = { stream: null, loop: null, level: undefined };
  const work = {
    microphone: () => openMicrophone(env, of, held),
    token: () => exchange(of),
    signaling: () => reachCarrier(env, of),
    media: () => sendAudio(env, of, held),
  };
  const report = { ok: true };
  try {
    for (const name of STEPS) {
      told(name, null);
      const started = env.now();
      const obstacle = obstacleTo(name, of.phone, report);
      const { advice, ...result } = obstacle ? { ok: false, ...obstacle } : await attempt(work[name]);
      report[name] = { ...result, ms: Math.round(env.now() - started) };
      if (name === "microphone" && held.level !== undefined) report[name].level = held.level;
      told(name, report[name], advice);
    }
  } finally {
    held.loop?.close();
    for (const track of held.stream?.getTracks() ?? []) track.stop();
  }
  Object.assign(report, {
    ok: STEPS.every((name) => report[name].ok),
    browser: env.navigator.userAgent,
    page: env.window.location.origin,
    framed: env.window.parent !== env.window,
    startedAt: new Date(begun).toISOString(),
    ms: Math.round(env.now() - begun),
  });
  return { ...report, text: readable(report) };
}

function obstacleTo(name, phone, { token }) {
  if (name !== "token" && phone.isInCall) return fault("in_call");
  return token?.ok === false ? fault("not_tried") : null;
}

async function attempt(step) {
  try {
    return { ok: true, code: null, fix: null, ...(await step()) };
  } catch (error) {
    // What the browser throws has a code too: a number, or none.
    const { code, kind, message, fix, advice } = typeof error.code === "string" ? error : fault("media_failed");
    return { ok: false, code, message, fix: fix ?? fixes[kind], advice };
  }
}

/** Opens it and listens, through a connection within this page. */
async function openMicrophone(env, of, held) {
  const barrier = microphoneBarrier(env);
  if (barrier) throw new of.Problem(barrier.code, barrier);
  try {
    held.stream = await (env.preferences.microphone
      ? record({ audio: true }, env)
      : env.navigator.mediaDevices.getUserMedia({ audio: true }));
  } catch (error) {
    const problem = await microphoneProblem(error, env.navigator);
    throw new of.Problem(problem.code, problem);
  }
  held.loop = loopOf(env, held.stream);
  // Where no audio flows nobody can tell how loud it is: the step for the media says so.
  if ((await held.loop.flows) && !(await isHeard(env, held))) throw fault("microphone_silent");
  return { message: WORDS.microphone.done };
}

async function exchange({ phone, session, Problem }) {
  if (phone.state === "error") phone.reset();
  await session()?.refresh();
  if (!phone.account) throw phone.problem ?? new Problem("invalid_embed_token");
  return { message: WORDS.token.done };
}

/** Signs in at the carrier as for a call, and leaves again: nothing rings, nothing is charged. */
async function reachCarrier({ policy }, of) {
  const line = await of.newLine();
  let stop = () => {};
  try {
    const device = await line.open();
    const trouble = new Promise((_, reject) => {
      const failed = (fix) => reject({ ...fault("signaling_failed"), ...(fix ? { fix, advice: fix } : {}) });
      const unwatch = policy.watchSockets(of.phone.account.signaling, failed);
      const timer = setTimeout(failed, SIGNALING_MS);
      stop = () => {
        unwatch();
        clearTimeout(timer);
      };
    });
    // The carrier has let us in once it names us; whether it would also pass calls on to us does not matter here.
    const registered = device.register().catch(() => {
      if (!device.identity) throw fault("signaling_failed");
    });
    await Promise.race([registered, trouble]);
    return { message: WORDS.signaling.done, edge: device.edge ?? null };
  } finally {
    stop();
    line.discard();
  }
}

/** Audio from one end of a connection to its other end in this page; with the real carrier, a way out for UDP too. */
async function sendAudio(env, of, held) {
  held.loop ??= loopOf(env, held.stream);
  if (!(await held.loop.flows)) throw fault("media_failed");
  if (!of.phone.account.signaling && !(await isWayOut(env))) throw fault("media_blocked");
  return { message: WORDS.media.done };
}

/** A connection within this page that carries `stream`, or an empty channel: `{near, flows, close()}`. */
function loopOf(env, stream) {
  const { RTCPeerConnection } = env.window;
  const near = new RTCPeerConnection();
  const far = new RTCPeerConnection();
  const pass = (from, to) => {
    from.onicecandidate = ({ candidate }) => candidate && to.addIceCandidate(candidate).catch(() => {});
  };
  pass(near, far);
  pass(far, near);
  const channel = near.createDataChannel("check");
  for (const track of stream?.getTracks() ?? []) near.addTrack(track, stream);
  const join = async () => {
    await near.setLocalDescription();
    await far.setRemoteDescription(near.localDescription);
    await far.setLocalDescription();
    await near.setRemoteDescription(far.localDescription);
    return until(env, MEDIA_MS, async () => (stream ? await hasAudio(far) : channel.readyState === "open"));
  };
  const close = () => {
    near.close();
    far.close();
  };
  return { near, flows: join().catch(() => false), close };
}

/** Whether a UDP packet reaches the carrier's network and comes back. */
async function isWayOut(env) {
  const { RTCPeerConnection } = env.window;
  const connection = new RTCPeerConnection({ iceServers: [{ urls: STUN }] });
  let isBack = false;
  connection.onicecandidate = ({ candidate }) => {
    isBack ||= candidate?.type === "srflx";
  };
  try {
    connection.createDataChannel("check");
    await connection.setLocalDescription();
    // A browser that has asked everywhere, and was told nothing, need not be waited for.
    await until(env, MEDIA_MS, async () => isBack || connection.iceGatheringState === "complete");
    return isBack;
  } finally {
    connection.close();
  }
}

/** Whether the microphone gives any sound, and how loud at most, 0 to 1; a browser that does not tell is believed. */
function isHeard(env, held) {
  return until(env, LISTEN_MS, async () => {
    const level = await reportOf(held.loop.near, "media-source", "audioLevel");
    if (level === undefined) return true;
    held.level = Math.max(held.level ?? 0, level);
    return held.level > SILENCE;
  });
}

const hasAudio = async (far) => (await reportOf(far, "inbound-rtp", "packetsReceived")) > 0;

async function reportOf(connection, type, field) {
  for (const report of (await connection.getStats()).values()) {
    if (report.type === type && field in report) return report[field];
  }
  return undefined;
}

async function until({ now, wait }, within, holds) {
  const end = now() + within;
  while (!(await holds())) {
    if (now() >= end) return false;
    await wait(SAMPLE_MS);
  }
  return true;
}

/** The report as lines that a person can read and paste. */
function readable(report) {
  const lines = STEPS.map((name) => {
    const { ok, code, message, fix, ms } = report[name];
    return `${name}: ${ok ? "ok" : "FAILED"}, ${message}${code ? ` (${code})` : ""}, ${ms} ms${fix ? `\n  ${fix}` : ""}`;
  });
  const where = `page: ${report.page}${report.framed ? ", in a frame" : ""}`;
  return [...lines, `browser: ${report.browser}`, where, `checked: ${report.startedAt}, ${report.ms} ms`].join("\n");
}
