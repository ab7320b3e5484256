/** Finds out why the microphone cannot be used: an error code, and advice for the person who can change that. */
import { hasWebRtc } from "../browser/webrtc.js";

/** @import { Environment } from "../types.d.ts" */
/**
 * @typedef {{code: string, fix?: string, details?: {cause: keyof typeof FIXES}}} MicrophoneProblem The arguments of a
 *   Problem.
 */

/** @type {Record<string, string>} */
const CODE_BY_ERROR_NAME = {
  NotAllowedError: "microphone_denied",
  SecurityError: "microphone_blocked",
  NotFoundError: "microphone_not_found",
  OverconstrainedError: "microphone_not_found",
};
const FIXES = {
  system: "Allow the microphone for this browser in the system's privacy settings, then call again.",
  page: "This page's own Permissions-Policy header forbids the microphone: send microphone=(self).",
  parent:
    'The page around this frame forbids the microphone: its frame needs allow="microphone", its Permissions-Policy must allow this origin.',
  opaqueOrigin: "Add allow-same-origin to this frame's sandbox: without an origin it gets no microphone.",
};

/**
 * The reason why this page can never use the microphone; null if it can ask the person for it.
 * @param {Environment} env
 * @returns {MicrophoneProblem | null}
 */
export function findMicrophoneObstacle(env) {
  const { window, document } = env;
  if (window.isSecureContext === false) return { code: "insecure_page" };
  // The browser would answer with a SecurityError.
  if (window.origin === "null") return blockedBy("opaqueOrigin");
  if (!allowsMicrophone(document)) return blockedBy(blockingPage(window));
  if (!hasWebRtc(env)) return { code: "browser_not_supported" };
  return null;
}

/**
 * @param {"page" | "parent" | "opaqueOrigin"} cause
 * @returns {MicrophoneProblem}
 */
const blockedBy = (cause) => ({ code: "microphone_blocked", fix: FIXES[cause], details: { cause } });

/**
 * The problem behind a rejected getUserMedia.
 * @param {any} error Whatever was thrown.
 * @param {Navigator} navigator
 * @returns {Promise<MicrophoneProblem>}
 */
export async function microphoneProblem(error, navigator) {
  const code = CODE_BY_ERROR_NAME[error?.name] ?? "microphone_in_use";
  if (code !== "microphone_denied") return { code };
  // Chromium's message tells the cause; in other browsers a permission that is still "prompt" was not denied.
  if (/system/i.test(error.message)) return { code, fix: FIXES.system, details: { cause: "system" } };
  const isDismissed = /dismiss/i.test(error.message) || (await permissionState(navigator)) === "prompt";
  return { code: isDismissed ? "microphone_dismissed" : code };
}

/** @typedef {{allowsFeature?: (feature: string) => boolean}} PermissionsPolicy Not in TypeScript's DOM yet. */

/**
 * The document's Permissions-Policy, where the browser shows it.
 * @param {Document & {permissionsPolicy?: PermissionsPolicy, featurePolicy?: PermissionsPolicy}} document
 */
export const permissionsPolicyOf = (document) => document.permissionsPolicy ?? document.featurePolicy;

/** @param {Document} document */
const allowsMicrophone = (document) => permissionsPolicyOf(document)?.allowsFeature?.("microphone") !== false;

/**
 * The page that forbids the microphone: this one or its parent. Of a parent of another origin nothing can be read: it
 * has to allow the microphone first.
 * @param {Window} window
 */
function blockingPage({ parent, window }) {
  try {
    return parent === window || allowsMicrophone(parent.document) ? "page" : "parent";
  } catch {
    return "parent";
  }
}

/** @param {Navigator} navigator */
const permissionState = (navigator) =>
  navigator.permissions?.query({ name: "microphone" }).then(
    ({ state }) => state,
    () => "",
  );
