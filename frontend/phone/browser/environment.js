/**
 * Creates the Environment: the browser's objects and functions that the phone uses, taken when phone.js starts, before
 * the page can overwrite them; functions that wait for a paint, for idle time or for some milliseconds; and the loaders
 * of the phone's chunks.
 */
import { createLoaders } from "../chunk-loaders.js";
import { CSPViolations } from "./csp-violations.js";
import { readPreferences } from "./preferences.js";
import { areGlobalsIntact } from "./pristine-globals.js";

/** @import { Environment, Preferences } from "../types.d.ts" */

const PAINT_TIMEOUT_MS = 2_000;
const FIRST_PAINT_TIMEOUT_MS = 200;

/**
 * @param {Window & typeof globalThis} window
 * @param {string} [nonce] The nonce of the phone's script tag.
 * @returns {Environment}
 */
export function createEnvironment(window, nonce) {
  const { document, navigator, performance } = window;
  const { requestAnimationFrame, requestIdleCallback } = window;
  /** @type {Preferences | null} */
  let preferences = null;
  /** @type {Omit<Environment, "loadSdk" | "loadChunk">} */
  const env = {
    base: null,
    window,
    document,
    navigator,
    isIntact: areGlobalsIntact(),
    nonce,
    requestObserver: null,
    // `fetch` throws if it is called as a method of another object.
    fetch: (url, options) => observe("POST", url, () => fetch(url, options)),
    importModule: (url) => observe("file", url, () => import(url)),
    now: Date.now,
    random: Math.random,
    cspViolations: new CSPViolations(document),
    /** Read on first use: opening the storage blocks the page. */
    get preferences() {
      preferences ??= readPreferences(window);
      return preferences;
    },
    wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    /** Run `work` when the page has painted and is idle; in a hidden page not before the page is shown. */
    afterPaint(work) {
      requestAnimationFrame.call(window, () => {
        if (requestIdleCallback) requestIdleCallback.call(window, work, { timeout: PAINT_TIMEOUT_MS });
        else setTimeout(work);
      });
    },
    /**
     * Run `work` in the task after the first paint of the whole page; at once if the page has painted or is hidden. A
     * timer also runs `work`, for pages with slow scripts or styles and for frames that are scrolled out of view.
     */
    afterFirstPaint(work) {
      const isLoading = document.readyState === "loading";
      const isVisible = document.visibilityState === "visible";
      // Some pages replace `performance` with another object.
      const isPainted = performance?.getEntriesByName?.("first-contentful-paint")?.length > 0;
      if (!isVisible || (isPainted && !isLoading)) {
        work();
        return;
      }
      const whenPainted = () => requestAnimationFrame.call(window, () => setTimeout(work));
      if (isLoading) document.addEventListener("DOMContentLoaded", whenPainted, { once: true });
      else whenPainted();
      setTimeout(work, FIRST_PAINT_TIMEOUT_MS);
    },
    /** Run `work` when the page is idle, after `timeout` ms at the latest; never on a metered connection. */
    whenIdle(work, timeout) {
      // There, chunks are loaded only when they are needed.
      if (/** @type {{connection?: {saveData?: boolean}}} */ (navigator).connection?.saveData) return;
      if (requestIdleCallback) requestIdleCallback.call(window, work, { timeout });
      else setTimeout(work, timeout);
    },
  };
  /** @type {import("../types.d.ts").RequestObserver} */
  const observe = (kind, url, send) => (env.requestObserver ? env.requestObserver(kind, url, send) : send());
  return Object.assign(env, createLoaders(env));
}
