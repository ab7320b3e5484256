/**
 * The chunk of the diagnostics: tests microphone, token, signalling and media without a call, and makes a report of the
 * results.
 */
import { callSentences } from "../call/call-sentences.js";
import { findMicrophoneObstacle, microphoneProblem } from "../call/microphone.js";
import { diagnostics as english, fixes } from "../i18n/locales/en.js";
import { openMicrophone } from "./audio-devices.js";

/** @import { PolicyAdvice } from "../browser/csp-violations.js" */
/** @import { CallStackLoader } from "../call/call-stack-loader.js" */
/** @import { Phone } from "../core.js" */
/** @import { MicrophoneProblem } from "../call/microphone.js" */
/** @import { Problem } from "../errors.js" */
/** @import { TokenSession } from "../session/token-session.js" */
/** @import { Environment } from "../types.d.ts" */

/**
 * @typedef {EpochPhoneStep} Step
 * @typedef {EpochPhoneStepResult & {level?: number, edge?: string | null}} StepResult
 * @typedef {Pick<Problem, "specificFix" | "details">} Reason
 * @typedef {(step: Step, result: StepResult | null, reason?: Reason) => void} StepListener Called before each step with
 *   null and after it with its result, and with the problem's fix and facts if there is one.
 * @typedef {Partial<StepResult> & {message: string, reason?: Reason}} Finding What a step finds out, with the fields
 *   that are not the default.
 */

/**
 * @typedef {object} DiagnosticsContext
 * @property {Phone} phone
 * @property {() => TokenSession | null} getSession
 * @property {CallStackLoader} callStackLoader
 * @property {typeof Problem} Problem The phone's own class.
 */

/**
 * The values that one step passes to the next.
 * @typedef {object} SharedState
 * @property {MediaStream | null} stream The microphone's.
 * @property {Loopback | null} loopback
 * @property {number} [level] The greatest loudness of the microphone, 0 to 1.
 */

/**
 * A WebRTC connection whose two ends are in this page.
 * @typedef {object} Loopback
 * @property {RTCPeerConnection} near The end that sends.
 * @property {RTCPeerConnection} far The end that receives.
 * @property {Promise<boolean>} hasReceived True if data has arrived at the far end.
 * @property {() => void} close
 */

/** @type {Step[]} */
export const STEPS = ["microphone", "token", "signaling", "media"];

const SIGNALING_TIMEOUT_MS = 10_000;
const MEDIA_TIMEOUT_MS = 10_000;
const LISTEN_MS = 3_000;
const SAMPLE_INTERVAL_MS = 100;
// Digital silence is exactly zero; the quietest room is more.
const MIN_AUDIO_LEVEL = 1e-5;
const STUN_URL = "stun:global.stun.twilio.com:3478";
const { steps: TEXTS, faults: FAULTS } = english;

/**
 * A fault that only the diagnostics can find, with its English sentence and fix.
 * @param {keyof typeof FAULTS} code
 */
const fault = (code) => ({ code, message: FAULTS[code][0], fix: FAULTS[code][1] || null });

/**
 * Run the steps one after the other. The report contains no token and no phone number.
 * @param {Environment} env
 * @param {StepListener} onStep
 * @param {DiagnosticsContext} context
 * @returns {Promise<EpochPhoneReport>}
 */
export async function runDiagnostics(env, onStep = () => {}, context) {
  const startedAt = env.now();
  /** @type {SharedState} */
  const shared = { stream: null, loopback: null };
  /** @type {Record<Step, () => Promise<Finding>>} */
  const run = {
    microphone: () => testMicrophone(env, context, shared),
    token: () => testToken(context),
    signaling: () => testSignaling(env, context),
    media: () => testMedia(env, context, shared),
  };
  /** @type {Partial<Record<Step, StepResult>>} */
  const results = {};
  try {
    for (const step of STEPS) {
      onStep(step, null);
      const stepStartedAt = env.now();
      const obstacle = findStepObstacle(step, context.phone, results);
      const { reason, ...finding } = obstacle ? { ok: false, ...obstacle } : await runStep(run[step]);
      /** @type {StepResult} */
      const result = { ok: true, code: null, fix: null, ...finding, ms: Math.round(env.now() - stepStartedAt) };
      if (step === "microphone" && shared.level !== undefined) result.level = shared.level;
      results[step] = result;
      onStep(step, result, reason);
    }
  } finally {
    shared.loopback?.close();
    for (const track of shared.stream?.getTracks() ?? []) track.stop();
  }
  const { microphone, token, signaling, media } = /** @type {Record<Step, StepResult>} */ (results);
  const report = {
    ok: STEPS.every((step) => results[step]?.ok),
    ...{ microphone, token, signaling, media },
    browser: env.navigator.userAgent,
    page: env.window.location.origin,
    framed: env.window.parent !== env.window,
    startedAt: new Date(startedAt).toISOString(),
    ms: Math.round(env.now() - startedAt),
  };
  return { ...report, text: reportText(report) };
}

/**
 * The reason why `step` cannot be run now; null if there is none.
 * @param {Step} step
 * @param {Phone} phone
 * @param {Partial<Record<Step, StepResult>>} results
 * @returns {Finding | null}
 */
function findStepObstacle(step, phone, { token }) {
  if (step !== "token" && phone.isInCall) return fault("in_call");
  return token?.ok === false ? fault("not_tried") : null;
}

/**
 * The finding of `step`, also if it throws.
 * @param {() => Promise<Finding>} step
 * @returns {Promise<Finding>}
 */
async function runStep(step) {
  try {
    return await step();
  } catch (error) {
    const thrown = /** @type {Partial<Problem>} */ (error);
    // Errors of the browser have a number as their code, or none.
    if (typeof thrown.code !== "string") return { ok: false, ...fault("media_failed") };
    const { code, message = "", specificFix, details = {} } = thrown;
    return {
      ok: false,
      code,
      message,
      fix: specificFix ?? thrown.help ?? fixes[code] ?? thrown.fix ?? null,
      reason: { specificFix, details },
    };
  }
}

/**
 * Open the microphone and listen to it, through a connection within this page.
 * @param {Environment} env
 * @param {DiagnosticsContext} context
 * @param {SharedState} shared
 */
async function testMicrophone(env, { Problem }, shared) {
  const obstacle = findMicrophoneObstacle(env);
  if (obstacle) throw withSentence(obstacle, Problem);
  try {
    shared.stream = await (env.preferences.microphone
      ? openMicrophone({ audio: true }, env)
      : env.navigator.mediaDevices.getUserMedia({ audio: true }));
  } catch (error) {
    const problem = await microphoneProblem(error, env.navigator);
    throw withSentence(problem, Problem);
  }
  const loopback = createLoopback(env, shared.stream);
  shared.loopback = loopback;
  // If no audio arrives, the level is not known; the media step reports that.
  if ((await loopback.hasReceived) && !(await hasSound(env, shared, loopback))) throw fault("microphone_silent");
  return { message: TEXTS.microphone.passed };
}

/**
 * A Problem with its sentence, which phone.js does not have before the chunk `call-stack` is loaded.
 * @param {MicrophoneProblem} found
 * @param {DiagnosticsContext["Problem"]} Problem
 */
const withSentence = (found, Problem) => new Problem(found.code, { ...found, message: callSentences[found.code] });

/** @param {DiagnosticsContext} context */
async function testToken({ phone, getSession, Problem }) {
  if (phone.state === "error") phone.reset();
  await getSession()?.refresh();
  if (!phone.exchangeResponse) throw phone.problem ?? new Problem("service_unavailable");
  return { message: TEXTS.token.passed };
}

/**
 * Register with the carrier and disconnect again: nothing rings and nothing is charged.
 * @param {Environment} env
 * @param {DiagnosticsContext} context
 */
async function testSignaling({ cspViolations }, { phone, getSession, callStackLoader, Problem }) {
  const callStack = await callStackLoader.load();
  const session = getSession();
  if (!session) throw new Problem("connection_failed");
  const voiceDevice = callStack.createDevice(session);
  let stop = () => {};
  try {
    const device = await voiceDevice.open();
    /** @type {Promise<never>} */
    const failure = new Promise((_, reject) => {
      /** @param {PolicyAdvice} [advice] */
      const fail = (advice) => reject({ ...fault("signaling_failed"), ...advice, specificFix: advice?.fix });
      const unwatch = cspViolations.watchSockets(phone.exchangeResponse?.signaling ?? null, fail);
      const timer = setTimeout(() => fail(), SIGNALING_TIMEOUT_MS);
      stop = () => {
        unwatch();
        clearTimeout(timer);
      };
    });
    // The carrier has accepted the token once the device has an identity; it need not register for incoming calls.
    const registered = device.register().catch(() => {
      if (!device.identity) throw fault("signaling_failed");
    });
    await Promise.race([registered, failure]);
    return { message: TEXTS.signaling.passed, edge: device.edge ?? null };
  } finally {
    stop();
    voiceDevice.discard();
  }
}

/**
 * Test that audio passes through a WebRTC connection within this page and, with the real carrier, UDP through the
 * internet.
 * @param {Environment} env
 * @param {DiagnosticsContext} context
 * @param {SharedState} shared
 */
async function testMedia(env, { phone }, shared) {
  shared.loopback ??= createLoopback(env, shared.stream);
  if (!(await shared.loopback.hasReceived)) throw fault("media_failed");
  if (!phone.exchangeResponse?.signaling && !(await canSendUdp(env))) throw fault("media_blocked");
  return { message: TEXTS.media.passed };
}

/**
 * Create a connection within this page that carries `stream`, or without one an empty data channel.
 * @param {Environment} env
 * @param {MediaStream | null} stream
 * @returns {Loopback}
 */
function createLoopback(env, stream) {
  const { RTCPeerConnection } = env.window;
  const near = new RTCPeerConnection();
  const far = new RTCPeerConnection();
  /**
   * @param {RTCPeerConnection} from
   * @param {RTCPeerConnection} to
   */
  const passCandidates = (from, to) => {
    from.onicecandidate = ({ candidate }) => candidate && to.addIceCandidate(candidate).catch(() => {});
  };
  passCandidates(near, far);
  passCandidates(far, near);
  const channel = near.createDataChannel("check");
  if (stream) for (const track of stream.getTracks()) near.addTrack(track, stream);
  const connect = async () => {
    await near.setLocalDescription();
    await far.setRemoteDescription(/** @type {RTCSessionDescription} */ (near.localDescription));
    await far.setLocalDescription();
    await near.setRemoteDescription(/** @type {RTCSessionDescription} */ (far.localDescription));
    return waitUntil(env, MEDIA_TIMEOUT_MS, async () =>
      stream ? await receivesAudio(far) : channel.readyState === "open",
    );
  };
  const close = () => {
    near.close();
    far.close();
  };
  return { near, far, hasReceived: connect().catch(() => false), close };
}

/**
 * True if a UDP packet reaches the carrier's network and its answer comes back.
 * @param {Environment} env
 */
async function canSendUdp(env) {
  const { RTCPeerConnection } = env.window;
  const connection = new RTCPeerConnection({ iceServers: [{ urls: STUN_URL }] });
  let isAnswered = false;
  connection.onicecandidate = ({ candidate }) => {
    isAnswered ||= candidate?.type === "srflx";
  };
  try {
    connection.createDataChannel("check");
    await connection.setLocalDescription();
    // Once the browser has gathered all candidates, no further answer can come.
    await waitUntil(env, MEDIA_TIMEOUT_MS, async () => isAnswered || connection.iceGatheringState === "complete");
    return isAnswered;
  } finally {
    connection.close();
  }
}

/**
 * True if the microphone picks up any sound; true in a browser that does not report the level.
 * @param {Environment} env
 * @param {SharedState} shared
 * @param {Loopback} loopback
 */
function hasSound(env, shared, loopback) {
  return waitUntil(env, LISTEN_MS, async () => {
    // Firefox reports the level only at the receiving end.
    const level =
      (await readStat(loopback.near, "media-source", "audioLevel")) ??
      (await readStat(loopback.far, "inbound-rtp", "audioLevel"));
    if (level === undefined) return true;
    shared.level = Math.max(shared.level ?? 0, level);
    return shared.level > MIN_AUDIO_LEVEL;
  });
}

/** @param {RTCPeerConnection} connection */
const receivesAudio = async (connection) => Number(await readStat(connection, "inbound-rtp", "packetsReceived")) > 0;

/**
 * @param {RTCPeerConnection} connection
 * @param {string} type
 * @param {string} field
 * @returns {Promise<number | undefined>}
 */
async function readStat(connection, type, field) {
  for (const stat of (await connection.getStats()).values()) {
    if (stat.type === type && field in stat) return stat[field];
  }
  return undefined;
}

/**
 * @param {Environment} env
 * @param {number} timeout
 * @param {() => Promise<boolean>} condition
 */
async function waitUntil({ now, wait }, timeout, condition) {
  const end = now() + timeout;
  while (!(await condition())) {
    if (now() >= end) return false;
    await wait(SAMPLE_INTERVAL_MS);
  }
  return true;
}

/**
 * The report as lines that a person can read and paste.
 * @param {Omit<EpochPhoneReport, "text">} report
 */
function reportText(report) {
  const lines = STEPS.map((step) => {
    const { ok, code, message, fix, ms } = report[step];
    return `${step}: ${ok ? "ok" : "FAILED"}, ${message}${code ? ` (${code})` : ""}, ${ms} ms${fix ? `\n  ${fix}` : ""}`;
  });
  const page = `page: ${report.page}${report.framed ? ", in a frame" : ""}`;
  return [...lines, `browser: ${report.browser}`, page, `checked: ${report.startedAt}, ${report.ms} ms`].join("\n");
}
