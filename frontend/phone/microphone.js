/** Each way a microphone can be missing, told apart. */
import { Problem } from "./errors.js";

const BY_NAME = {
  NotAllowedError: "microphone_denied",
  PermissionDeniedError: "microphone_denied",
  SecurityError: "microphone_blocked",
  NotFoundError: "microphone_not_found",
  DevicesNotFoundError: "microphone_not_found",
  OverconstrainedError: "microphone_not_found",
  NotReadableError: "microphone_in_use",
  TrackStartError: "microphone_in_use",
  AbortError: "microphone_in_use",
};

/** What keeps this page from ever asking for the microphone, or null. */
export function microphoneBarrier({ window, document, navigator }) {
  if (window.isSecureContext === false) return new Problem("insecure_page");
  const policy = document.permissionsPolicy ?? document.featurePolicy;
  if (policy?.allowsFeature?.("microphone") === false) return new Problem("microphone_blocked");
  if (!navigator.mediaDevices?.getUserMedia || !window.RTCPeerConnection) return new Problem("browser_not_supported");
  return null;
}

/** The problem behind a rejected getUserMedia. */
export const microphoneProblem = (error) => new Problem(BY_NAME[error?.name] ?? "microphone_in_use");
