/** The words of the panel: English is built in, every other language is a part of its own (`apart/locales/`). */
import { core } from "./locales/en.js";

/** English, as a language's file has it: `core`, what the parts need besides, and `problems` by code. */
export const ENGLISH = { core };

/** The texts of `locale` (`es-MX` takes `es`), or null where English is all there is. */
export async function textsOf(locale, env) {
  const language = String(locale ?? "")
    .split(/[-_]/)[0]
    .toLowerCase();
  const name = `locale-${language}`;
  if (language === core.language || !(IS_SINGLE_FILE || Object.hasOwn(CHUNK_HASHES, name))) return null;
  // A phone in English is better than none.
  return env.loadChunk(name).catch(() => null);
}
