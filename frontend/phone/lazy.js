/** Loads the voice SDK and the chunks of the phone on demand; each is imported once, and again after a failure. */
import { Problem } from "./errors.js";

const RETRY_DELAY_MS = 1_000;

/**
 * `loadSdk()` and `loadChunk(name)` (see chunks.mjs) for `env`. Both resolve to the module and reject with Problem,
 * `sdk_load_failed` or `part_load_failed`, after the second failure. A chunk has its own copy of each class: pass it what
 * it needs, and share no `instanceof` with it.
 */
export function createLoaders(env) {
  const modules = new Map();
  let failures = 0;
  const importWithRetry = async (url) => {
    try {
      return await env.load(url);
    } catch {
      await env.wait(RETRY_DELAY_MS);
      failures += 1;
      // Some engines keep a failed module: another address is another module.
      return env.load(`${url}?r=${failures}`);
    }
  };
  const importOnce = (file, code) => {
    const url = `${env.base}/widget/${file}`;
    if (!modules.has(url)) {
      const module = importWithRetry(url).catch(() => {
        modules.delete(url);
        throw new Problem(code, { fix: env.policy.fixFor(url) });
      });
      modules.set(url, module);
    }
    return modules.get(url);
  };
  if (IS_SINGLE_FILE) {
    const inline = () => import("./inline-chunks.js");
    return {
      loadSdk: async () => (await inline()).loadSdk(),
      loadChunk: async (name) => (await inline()).CHUNK_LOADERS[name](),
    };
  }
  return {
    loadSdk: () => importOnce(SDK_FILE, "sdk_load_failed"),
    // Without the call stack the SDK is of no use.
    loadChunk: (name) =>
      importOnce(`${name}-${CHUNK_HASHES[name]}.js`, name === "call-stack" ? "sdk_load_failed" : "part_load_failed"),
  };
}
