/** Keeps the phone's element on the page: adds it beside the body, and again when the page removes it. */

/** @import { Environment } from "../types.d.ts" */

// An element that was removed sooner than this is put back with a growing delay.
const SHORT_STAY_MS = 1_000;
const FIRST_DELAY_MS = 50;
const MAX_DELAY_MS = 10_000;

/**
 * Attach `host` as soon as there is a body, and whenever it is gone; returns a function that stops that and removes it.
 * @param {HTMLElement} host
 * @param {Pick<Environment, "document" | "window" | "now">} env
 */
export function keepMounted(host, { document, window, now }) {
  let attachedAt = Number.NEGATIVE_INFINITY;
  let delay = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const attach = () => {
    timer = undefined;
    if (host.isConnected || !document.body) return;
    attachedAt = now();
    // Lightning Web Security forbids append() on the root, and may forbid appendChild().
    try {
      document.documentElement.appendChild(host);
    } catch {
      document.body.appendChild(host);
    }
  };
  const check = () => {
    // Frameworks that render whole documents replace the root too.
    if (document.documentElement) watch(document.documentElement);
    if (host.isConnected || timer !== undefined) return;
    // Otherwise a page that removes the element at once, each time, would keep the processor busy.
    delay = now() - attachedAt < SHORT_STAY_MS ? Math.min(2 * delay + FIRST_DELAY_MS, MAX_DELAY_MS) : 0;
    if (delay) timer = setTimeout(attach, delay);
    else attach();
  };
  const observer = new window.MutationObserver(check);
  /** @param {Node} target */
  function watch(target) {
    try {
      observer.observe(target, { childList: true });
    } catch {
      // A sandbox that hides shared elements does not remove the phone's either.
    }
  }
  watch(document);
  check();
  return () => {
    observer.disconnect();
    clearTimeout(timer);
    host.remove();
  };
}
