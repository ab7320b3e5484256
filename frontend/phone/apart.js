/** What is built apart from phone.js, the voice SDK and the rare parts: imported once, forgotten when it failed. */
import { Problem } from "./errors.js";

const RETRY_MS = 1_000;

/**
 * The ways to what is built apart: `sdk()`, and `part(name)` for `apart/<name>.js` (`locale-<lang>` for
 * `apart/locales/<lang>.js`). Both resolve to the module and raise Problem, `sdk_load_failed` or `part_load_failed`,
 * after the second failure. A part has classes of its own: give it what it needs, share no `instanceof` with it.
 */
export function apart(env) {
  const pending = new Map();
  let failures = 0;
  const twice = async (url) => {
    try {
      return await env.load(url);
    } catch {
      await env.wait(RETRY_MS);
      failures += 1;
      // Some engines keep a failed module: another address is another module.
      return env.load(`${url}?r=${failures}`);
    }
  };
  const once = (file, code) => {
    const url = `${env.base}/widget/${file}`;
    if (!pending.has(url)) {
      const module = twice(url).catch(() => {
        pending.delete(url);
        throw new Problem(code, { fix: env.policy.fixFor(url) });
      });
      pending.set(url, module);
    }
    return pending.get(url);
  };
  if (__INLINE__) {
    const inline = () => import("./inline.js");
    return {
      sdk: async () => (await inline()).sdk(),
      part: async (name) => (await inline()).part(name),
    };
  }
  return {
    sdk: () => once(SDK_FILE, "sdk_load_failed"),
    // Without what carries calls the SDK is of no use.
    part: (name) => once(`${name}-${PARTS[name]}.js`, name === "calling" ? "sdk_load_failed" : "part_load_failed"),
  };
}
