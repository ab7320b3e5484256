/**
 * The names that pages overwrite, as they were when phone.js ran; injected at build time in the place of the globals.
 * The SDK's chunk, evaluated much later, takes them from the phone.
 */
const KEPT = Symbol.for("epochphone.natives");
const natives = self.EpochPhone?.[KEPT] ?? self;

export const { JSON, Promise, WebSocket, clearInterval, clearTimeout, fetch, setInterval, setTimeout } = natives;

/** Leave them on `api`, out of the page's sight, for what is loaded later. */
export function keepNatives(api) {
  const value = { JSON, Promise, WebSocket, clearInterval, clearTimeout, fetch, setInterval, setTimeout };
  Object.defineProperty(api, KEPT, { value });
}

/** Whether they still work: some pages broke them before phone.js ran. */
export function areNativesIntact() {
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
