/** What the phone needs of the browser, taken when it loads: a page that overwrites it later does no harm. */
import { areNativesIntact } from "./pristine-globals.js";
import { createLoaders } from "../lazy.js";
import { Policy } from "./csp-violations.js";
import { readPreferences } from "./preferences.js";

const PAINT_TIMEOUT_MS = 2_000;
const FIRST_PAINT_TIMEOUT_MS = 200;

export function browser(window) {
  const { document, navigator, performance } = window;
  const { requestAnimationFrame, requestIdleCallback } = window;
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
    /** Read when somebody first asks: a browser that opens its storage holds the page up. */
    get preferences() {
      preferences ??= readPreferences(window);
      return preferences;
    },
    load: (url) => import(url),
    wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    /** Do `work` when the page has painted and has nothing better to do; in a page that nobody sees, not yet. */
    afterPaint(work) {
      requestAnimationFrame.call(window, () => {
        if (requestIdleCallback) requestIdleCallback.call(window, work, { timeout: PAINT_TIMEOUT_MS });
        else setTimeout(work);
      });
    },
    /**
     * Do `work` in the task after the page, whole, was painted first; at once where that is over, or nobody sees the page.
     * Scripts or styles that are long in coming, and frames out of sight, do not hold it up: a timer does `work` as well.
     */
    afterFirstPaint(work) {
      const isLoading = document.readyState === "loading";
      const isSeen = document.visibilityState === "visible";
      // Some pages put an object of their own in the place of `performance`.
      const isPainted = performance?.getEntriesByName?.("first-contentful-paint")?.length > 0;
      if (!isSeen || (isPainted && !isLoading)) {
        work();
        return;
      }
      const whenPainted = () => requestAnimationFrame.call(window, () => setTimeout(work));
      if (isLoading) document.addEventListener("DOMContentLoaded", whenPainted, { once: true });
      else whenPainted();
      setTimeout(work, FIRST_PAINT_TIMEOUT_MS);
    },
    whenIdle(work, timeout) {
      // On a metered connection the chunk waits until it is needed.
      if (navigator.connection?.saveData) return;
      if (requestIdleCallback) requestIdleCallback.call(window, work, { timeout });
      else setTimeout(work, timeout);
    },
  };
  return Object.assign(env, createLoaders(env));
}
