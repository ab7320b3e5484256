/** Sends the phone's POST requests to the server's widget endpoints, and turns failures into Problems. */
import { Problem, problemFromResponse } from "../errors.js";

/** @import { Credentials, Environment, ExchangeResponse } from "../types.d.ts" */

const TIMEOUT_MS = 10_000;

/**
 * POST `body` to `<base>/widget/<path>` and return the JSON of the response, true for an empty response (204). The
 * request is a simple one, so browsers send no preflight. Throws Problem.
 * @param {Environment} env
 * @param {string | null} base
 * @param {"exchange" | "status" | "recent" | "outcome" | "missed-calls" | "voicemail-greetings" | "voicemail-drop"} path
 * @param {object} body
 * @returns {Promise<any>}
 */
export async function post({ fetch, navigator, cspViolations }, base, path, body, timeout = TIMEOUT_MS) {
  const url = `${base}/widget/${path}`;
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeout);
  try {
    const response = await send(fetch, url, body, abort.signal);
    // The browser's own fetch resolves only with a Response; anything else comes from a fetch of the page.
    if (typeof response?.json !== "function") throw new Problem("page_interferes");
    const answer = response.status === 204 || (await response.json().catch(() => null));
    if (response.ok && answer) return answer;
    throw problemFromResponse(answer, response.status);
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw navigator.onLine === false
      ? new Problem("offline")
      : new Problem("network_error", cspViolations.adviceFor(url));
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param {Environment["fetch"]} fetch
 * @param {string} url
 * @param {object} body
 * @param {AbortSignal} signal
 */
function send(fetch, url, body, signal) {
  try {
    return fetch(url, {
      method: "POST",
      headers: { "Content-Type": "text/plain;charset=UTF-8" },
      body: JSON.stringify(body),
      credentials: "omit",
      cache: "no-store",
      signal,
    });
  } catch {
    return null;
  }
}

/**
 * Exchange the embed token for an access token. Throws Problem.
 * @param {Environment} env
 * @param {string | null} base
 * @param {Credentials} credentials
 * @returns {Promise<ExchangeResponse>}
 */
export async function exchangeToken(env, base, credentials) {
  const answer = await post(env, base, "exchange", credentials);
  if (typeof answer.access_token !== "string" || !(answer.expires_in > 0)) throw new Problem("service_unavailable");
  return answer;
}
