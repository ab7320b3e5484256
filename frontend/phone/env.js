/** What the phone needs of the browser, taken when it loads: a page that overwrites it later does no harm. */
import { areNativesIntact } from "../natives.js";
import { apart } from "./apart.js";
import { Policy } from "./policy.js";
import { readPreferences } from "./preferences.js";

export function browser(window) {
  const { document, navigator } = window;
  const { requestIdleCallback } = window;
  let preferences = null;
  const env = {
    /** The address of the phone service, once the phone knows it. */
    base: null,
    window,
    document,
    navigator,
    isIntact: areNativesIntact(),
    // Called bare: `fetch` refuses to be a method of another object.
    fetch: (url, options) => fetch(url, options),
    now: Date.now,
    random: Math.random,
    policy: new Policy(document),
    /** Read when a call or a sheet first asks: a browser that opens its storage holds the page up. */
    get preferences() {
      preferences ??= readPreferences(window);
      return preferences;
    },
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
