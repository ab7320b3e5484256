/**
 * Checks whether a call can begin in this page (network, microphone, no call in another tab), and acquires the lock
 * that keeps other tabs from calling.
 */
import { Problem } from "../errors.js";
import { findMicrophoneObstacle } from "./microphone.js";

/** @import { CallLock } from "./cross-tab-lock.js" */
/** @import { Environment } from "../types.d.ts" */

/**
 * Acquire the lock for the phone's present call. Throws Problem if there is no network, if this page can never use the
 * microphone, or if another tab has a call.
 * @param {CallLock} callLock
 * @param {Environment} env
 */
export async function ensureCanCall(callLock, env) {
  if (env.navigator.onLine === false) throw new Problem("offline");
  const obstacle = findMicrophoneObstacle(env);
  if (obstacle) throw new Problem(obstacle.code, obstacle);
  if (!(await callLock.acquire())) throw new Problem("call_elsewhere");
}
