/**
 * The globals that pages overwrite, as they were when phone.js ran. The build puts them in the place of the globals.
 * Chunks, which are evaluated later, take them from the phone.
 */
const KEY = Symbol.for("epochphone.natives");
/** @type {Pick<typeof globalThis, "JSON" | "Promise" | "WebSocket" | "clearInterval" | "clearTimeout" | "fetch" | "setInterval" | "setTimeout">} */
const globals = /** @type {any} */ (self.EpochPhone)?.[KEY] ?? self;

export const { JSON, Promise, WebSocket, clearInterval, clearTimeout, fetch, setInterval, setTimeout } = globals;

/**
 * Put them on `api`, hidden from the page, for chunks that are loaded later.
 * @param {object} api
 */
export function keepGlobals(api) {
  const value = { JSON, Promise, WebSocket, clearInterval, clearTimeout, fetch, setInterval, setTimeout };
  Object.defineProperty(api, KEY, { value });
}

/** Whether they still work: some pages break them before phone.js runs. */
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
