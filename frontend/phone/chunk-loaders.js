/** Loads the voice SDK and the chunks of the phone on demand; each is imported once, and again after a failure. */
import { Problem } from "./errors.js";

/** @import { Chunks, Environment } from "./types.d.ts" */

const RETRY_DELAY_MS = 1_000;

/**
 * Creates `loadSdk()` and `loadChunk(name)` (names are those of chunks.mjs). Both resolve to the module and reject with
 * Problem, `sdk_load_failed` or `part_load_failed`, after the second failure. A chunk has its own copies of the classes
 * that it imports, so `instanceof` does not work across chunks.
 * @param {Omit<Environment, "loadSdk" | "loadChunk">} env
 * @returns {Pick<Environment, "loadSdk" | "loadChunk">}
 */
export function createLoaders(env) {
  /** @type {Map<string, Promise<any>>} */
  const modules = new Map();
  let failures = 0;
  /** @param {string} url */
  const importWithRetry = async (url) => {
    try {
      return await env.importModule(url);
    } catch {
      await env.wait(RETRY_DELAY_MS);
      failures += 1;
      // Some engines remember a failed import by its URL.
      return env.importModule(`${url}?r=${failures}`);
    }
  };
  /**
   * @param {string} file
   * @param {string} code
   */
  const importOnce = (file, code) => {
    const url = `${env.base}/widget/${file}`;
    let module = modules.get(url);
    if (!module) {
      module = importWithRetry(url).catch(() => {
        modules.delete(url);
        throw new Problem(code, env.cspViolations.adviceFor(url));
      });
      modules.set(url, module);
    }
    return module;
  };
  if (IS_SINGLE_FILE) {
    const inline = () => import("./inline-chunks.js");
    return {
      loadSdk: async () => (await inline()).loadSdk(),
      loadChunk: async (name) => /** @type {Promise<Chunks[typeof name]>} */ ((await inline()).CHUNK_LOADERS[name]()),
    };
  }
  return {
    loadSdk: () => importOnce(SDK_FILE, "sdk_load_failed"),
    // Without the call stack the SDK is of no use.
    loadChunk: (name) =>
      importOnce(`${name}-${CHUNK_HASHES[name]}.js`, name === "call-stack" ? "sdk_load_failed" : "part_load_failed"),
  };
}
