/** Tries microphone, token, signalling and media without a call, and reports in words. */
export const STEPS = ["microphone", "token", "signaling", "media"];

const SIGNALING_MS = 10_000;
const MEDIA_MS = 10_000;
const LISTEN_MS = 3_000;
const SAMPLE_MS = 100;
// Digital silence is exactly nothing; the quietest room is more.
const SILENCE = 1e-5;
const STUN = "stun:global.stun.twilio.com:3478";
const UNTRIED = {
  code: "not_tried",
  message: "Not tried: it needs a token that works",
  fix: null,
};
const LATER = {
  code: "in_call",
  message: "A call is in progress",
  fix: "Check again when it is over.",
};
const FAULTS = {
  silent: {
    code: "microphone_silent",
    message: "The microphone gives no sound",
    fix: "Unmute it on the headset or in the system's sound settings, or choose another microphone.",
  },
  signaling: {
    code: "signaling_failed",
    message: "The carrier cannot be reached",
    fix: "Let this computer open wss://*.twilio.com: a firewall, a proxy or the page's connect-src stops it.",
  },
  browser: {
    code: "media_failed",
    message: "The browser cannot send audio",
    fix: "Allow WebRTC in the browser and its extensions, then check again.",
  },
  path: {
    code: "media_blocked",
    message: "Audio cannot leave this network",
    fix: "Let this computer send UDP to the carrier: a firewall or a VPN stops it.",
  },
};

/**
 * Run the steps of `STEPS` in turn; `told(name, result)` before each with null, after each with its result.
 * `of` gives the `phone`, its `session()` and a `newLine()` beside its own, and what must be the phone's own of
 * microphone.js and errors.js.
 * The report is `{ok, microphone, token, signaling, media, browser, page, framed, startedAt, ms, text}`; each step is
 * `{ok, code, message, fix, ms}` and what it measured. It holds no token and no number.
 */
export async function check(env, told = () => {}, of) {
  const begun = env.now();
  // What one step leaves to the next: the microphone's stream, and how loud it was.
  const held = { stream: null };
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
      const result = obstacle ? { ok: false, ...obstacle } : await attempt(work[name]);
      if (held.heard === false && name === "media") Object.assign(report.microphone, { ok: false, ...FAULTS.silent });
      report[name] = { ...result, ms: Math.round(env.now() - started) };
      told(name, report[name]);
    }
  } finally {
    for (const track of held.stream?.getTracks() ?? []) track.stop();
  }
  if (held.level !== undefined) report.microphone.level = held.level;
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
  if (name !== "token" && phone.isInCall) return LATER;
  return token?.ok === false ? UNTRIED : null;
}

async function attempt(step) {
  try {
    return { ok: true, code: null, fix: null, ...(await step()) };
  } catch ({ code = "media_failed", message, fix = FAULTS.browser.fix }) {
    return { ok: false, code, message, fix };
  }
}

async function openMicrophone(env, of, held) {
  const barrier = of.microphoneBarrier(env);
  if (barrier) throw barrier;
  try {
    held.stream = await env.navigator.mediaDevices.getUserMedia({ audio: true });
  } catch (error) {
    throw await of.microphoneProblem(error, env.navigator);
  }
  return { message: "The microphone works" };
}

async function exchange({ phone, session, Problem }) {
  if (phone.state === "error") phone.reset();
  await session()?.refresh();
  if (!phone.account) throw phone.problem ?? new Problem("invalid_embed_token");
  return { message: "The token works here" };
}

/** Signs in at the carrier as for a call, and leaves again: nothing rings, nothing is charged. */
async function reachCarrier({ policy }, of) {
  const line = of.newLine();
  let stop = () => {};
  try {
    const device = await line.open();
    const trouble = new Promise((_, reject) => {
      const failed = (fix) => reject({ ...FAULTS.signaling, ...(fix ? { fix } : {}) });
      const unwatch = policy.watchSockets(of.phone.account.signaling, failed);
      const timer = setTimeout(failed, SIGNALING_MS);
      stop = () => {
        unwatch();
        clearTimeout(timer);
      };
    });
    // The carrier has let us in once it names us; whether it would also pass calls on to us does not matter here.
    const registered = device.register().catch(() => {
      if (!device.identity) throw FAULTS.signaling;
    });
    await Promise.race([registered, trouble]);
    return { message: "The carrier answers", edge: device.edge ?? null };
  } finally {
    stop();
    line.discard();
  }
}

/** Audio from one end of a connection to its other end in this page; with the real carrier, a way out for UDP too. */
async function sendAudio(env, of, held) {
  const { RTCPeerConnection } = env.window;
  const isSandbox = Boolean(of.phone.account.signaling);
  const near = new RTCPeerConnection(isSandbox ? {} : { iceServers: [{ urls: STUN }] });
  const far = new RTCPeerConnection();
  const candidates = new Set();
  const pass = (from, to) => {
    from.onicecandidate = ({ candidate }) => {
      if (!candidate) return;
      candidates.add(candidate.type);
      to.addIceCandidate(candidate).catch(() => {});
    };
  };
  try {
    pass(near, far);
    pass(far, near);
    const channel = near.createDataChannel("check");
    for (const track of held.stream?.getTracks() ?? []) near.addTrack(track, held.stream);
    await near.setLocalDescription();
    await far.setRemoteDescription(near.localDescription);
    await far.setLocalDescription();
    await near.setRemoteDescription(far.localDescription);
    const flows = async () => (held.stream ? await hasAudio(far) : channel.readyState === "open");
    if (!(await until(env, MEDIA_MS, flows))) throw FAULTS.browser;
    if (held.stream) await listen(env, near, held);
    if (!isSandbox && !(await until(env, MEDIA_MS, async () => candidates.has("srflx")))) throw FAULTS.path;
    return { message: "Audio flows" };
  } finally {
    near.close();
    far.close();
  }
}

/** Notes how loud the microphone is at most, 0 to 1; a browser that does not tell is believed. */
async function listen(env, near, held) {
  const heard = await until(env, LISTEN_MS, async () => {
    const level = await reportOf(near, "media-source", "audioLevel");
    if (level === undefined) return true;
    held.level = Math.max(held.level ?? 0, level);
    return held.level > SILENCE;
  });
  held.heard = heard;
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
