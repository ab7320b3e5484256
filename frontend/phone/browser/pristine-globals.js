/**
 * Exports the globals that pages may overwrite, as they were when phone.js ran. The build replaces each use of them in
 * the phone with these exports. Chunks, which run later, take them from `window.EpochPhone`.
 */
const GLOBALS_KEY = Symbol.for("epochphone.globals");
/** @type {Pick<typeof globalThis, "JSON" | "Promise" | "WebSocket" | "clearInterval" | "clearTimeout" | "fetch" | "setInterval" | "setTimeout">} */
const globals = /** @type {any} */ (self.EpochPhone)?.[GLOBALS_KEY] ?? self;

export const { JSON, Promise, WebSocket, clearInterval, clearTimeout, fetch, setInterval, setTimeout } = globals;

/**
 * Store the globals on `api` under a hidden key, for chunks that are loaded later.
 * @param {object} api `window.EpochPhone`.
 */
export function storeGlobals(api) {
  const value = { JSON, Promise, WebSocket, clearInterval, clearTimeout, fetch, setInterval, setTimeout };
  Object.defineProperty(api, GLOBALS_KEY, { value });
}

/** True if the globals still work: some pages break them before phone.js runs. */
export function areGlobalsIntact() {
  try {
    const [read] = JSON.parse('["a"]');
    return (
      JSON.stringify({ read, list: [read] }) === '{"read":"a","list":["a"]}' &&
      typeof fetch === "function" &&
      typeof Promise.race === "function" &&
      new Promise(() => {}) instanceof Promise
    );
  } catch {
    return false;
  }
}
