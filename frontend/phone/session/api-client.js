/** The two questions the widget asks its server. */
import { Problem, refusal } from "../errors.js";

const TIMEOUT_MS = 10_000;

/** Ask `<base>/widget/<path>`; a simple request, so no preflight. Raises Problem. */
export async function ask({ fetch, navigator, policy }, base, path, body, timeout = TIMEOUT_MS) {
  const url = `${base}/widget/${path}`;
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeout);
  try {
    const response = await post(fetch, url, body, abort.signal);
    // The browser's own fetch always rejects or answers: this one is the page's, and no stand-in for it.
    if (typeof response?.json !== "function") throw new Problem("page_interferes");
    const answer = await response.json().catch(() => null);
    if (response.ok && answer) return answer;
    throw refusal(answer, response.status);
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw navigator.onLine === false
      ? new Problem("offline")
      : new Problem("network_error", { fix: policy.fixFor(url) });
  } finally {
    clearTimeout(timer);
  }
}

function post(fetch, url, body, signal) {
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

/** The answer of the exchange, known to be usable. Raises Problem. */
export async function exchange(env, base, credentials) {
  const answer = await ask(env, base, "exchange", credentials);
  if (typeof answer.access_token !== "string" || !(answer.expires_in > 0)) throw new Problem("service_unavailable");
  return answer;
}
