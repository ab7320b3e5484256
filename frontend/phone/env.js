/** What the phone needs of the browser, taken when it loads: a page that later overwrites `fetch` does no harm. */
import { apart } from "./apart.js";
import { Policy } from "./policy.js";

export function browser(window) {
  const { document, navigator } = window;
  const fetch = window.fetch.bind(window);
  const { setTimeout, requestIdleCallback } = window;
  const env = {
    /** The address of the phone service, once the phone knows it. */
    base: null,
    window,
    document,
    navigator,
    fetch,
    now: Date.now,
    random: Math.random,
    policy: new Policy(document),
    load: (url) => import(url),
    wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    whenIdle(work, timeout) {
      // On a metered connection the chunk waits until it is needed.
      if (navigator.connection?.saveData) return;
      if (requestIdleCallback) requestIdleCallback.call(window, work, { timeout });
      else setTimeout(work, timeout);
    },
  };
  return Object.assign(env, apart(env));
}
