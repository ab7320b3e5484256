/** What the phone needs of the browser, taken when it loads: a page that later overwrites `fetch` does no harm. */
import { Policy } from "./policy.js";

// The build puts the name of the SDK's chunk here.
const SDK_CHUNK = typeof SDK_FILE === "string" ? SDK_FILE : "sdk.js";

export function browser(window) {
  const { document, navigator } = window;
  const fetch = window.fetch.bind(window);
  const { setTimeout, requestIdleCallback } = window;
  return {
    window,
    document,
    navigator,
    fetch,
    now: Date.now,
    random: Math.random,
    policy: new Policy(document),
    load: (url) => import(url),
    wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    sdkUrl: (base) => `${base}/widget/${SDK_CHUNK}`,
    whenIdle(work, timeout) {
      // On a metered connection the chunk waits until it is needed.
      if (navigator.connection?.saveData) return;
      if (requestIdleCallback) requestIdleCallback.call(window, work, { timeout });
      else setTimeout(work, timeout);
    },
  };
}
