/** Each way a microphone can be missing, told apart, with the fix of the side that can help. */
const BY_NAME = {
  NotAllowedError: "microphone_denied",
  SecurityError: "microphone_blocked",
  NotFoundError: "microphone_not_found",
  OverconstrainedError: "microphone_not_found",
};
const FIXES = {
  system: "Allow the microphone for this browser in the system's privacy settings, then call again.",
  own: "This page's own Permissions-Policy header forbids it: send microphone=(self).",
  around:
    'The page around this frame forbids it: its frame needs allow="microphone", its Permissions-Policy must allow this origin.',
  opaque: "Add allow-same-origin to this frame's sandbox: without an origin it gets no microphone.",
};

/** What keeps this page from ever asking for the microphone, as `{code, fix}` of a Problem, or null. */
export function microphoneBarrier({ window, document, navigator }) {
  if (window.isSecureContext === false) return { code: "insecure_page" };
  // Asked all the same, the browser answers a SecurityError.
  if (window.origin === "null") return { code: "microphone_blocked", fix: FIXES.opaque };
  if (!allows(document)) return { code: "microphone_blocked", fix: FIXES[sideOf(window)] };
  if (!navigator.mediaDevices?.getUserMedia || !window.RTCPeerConnection) return { code: "browser_not_supported" };
  return null;
}

/** The problem behind a rejected getUserMedia, as `{code, fix}`. */
export async function microphoneProblem(error, navigator) {
  const code = BY_NAME[error?.name] ?? "microphone_in_use";
  if (code !== "microphone_denied") return { code };
  // Chromium says which; elsewhere a question that is still open was not answered with no.
  if (/system/i.test(error.message)) return { code, fix: FIXES.system };
  const isOpen = /dismiss/i.test(error.message) || (await permission(navigator)) === "prompt";
  return { code: isOpen ? "microphone_dismissed" : code };
}

const allows = (document) =>
  (document.permissionsPolicy ?? document.featurePolicy)?.allowsFeature?.("microphone") !== false;

/** Which side forbids it. A page of another origin around this one cannot be asked: its permission comes first. */
function sideOf({ parent, window }) {
  try {
    return parent === window || allows(parent.document) ? "own" : "around";
  } catch {
    return "around";
  }
}

const permission = (navigator) =>
  navigator.permissions?.query({ name: "microphone" }).then(
    ({ state }) => state,
    () => "",
  );
