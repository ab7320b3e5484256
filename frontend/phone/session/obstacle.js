/**
 * Finds the reason why a session cannot begin in this page: globals that the page has broken, no WebRTC, or no URL of
 * the server.
 */
import { hasWebRtc } from "../browser/webrtc.js";
import { Problem } from "../errors.js";
import { missingApiBase } from "./token-session.js";

/** @import { Environment, SessionConfig } from "../types.d.ts" */

/**
 * The reason why no session can begin; null if there is none.
 * @param {Environment} env
 * @param {SessionConfig} config
 */
export function findObstacle(env, { base }) {
  if (!env.isIntact) return new Problem("page_interferes");
  if (!hasWebRtc(env)) return new Problem("browser_not_supported");
  return base ? null : missingApiBase();
}
