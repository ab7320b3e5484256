/** The voice SDK's chunk: imported once, forgotten when it failed so that the next call tries again. */
import { Problem } from "./errors.js";

const RETRY_MS = 1_000;

/** A function that resolves to the SDK's module. Raises Problem `sdk_load_failed` after the second failure. */
export function sdkLoader(url, { load, wait, policy }) {
  let pending = null;
  const attempt = async () => {
    try {
      return await load(url);
    } catch {
      await wait(RETRY_MS);
      // Some engines keep a failed module: another address is another module.
      return load(`${url}?r=1`);
    }
  };
  return () => {
    pending ??= attempt().catch(() => {
      pending = null;
      throw new Problem("sdk_load_failed", { fix: policy.fixFor(url) });
    });
    return pending;
  };
}
