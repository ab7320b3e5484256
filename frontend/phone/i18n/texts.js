/** Loads the phone's texts. English is in the code that shows it, every other language is a chunk (locales/). */
import { button } from "./locales/en.js";

/** @import * as English from "./locales/en.js" */
/** @import { Problem } from "../errors.js" */
/** @import { Chunks, Environment } from "../types.d.ts" */
/**
 * @typedef {Record<string, [sentence: string | undefined, fix: string | undefined]>} ProblemTexts By the problem's code.
 * @typedef {object} Texts The texts of a language. Those of a chunk are there once the chunk, or the language, is loaded.
 * @property {Core} core
 * @property {typeof English.dialer} [dialer]
 * @property {typeof English.outcomes} [outcomes]
 * @property {typeof English.voicemail} [voicemail]
 * @property {typeof English.missedCalls} [missedCalls]
 * @property {typeof English.clickToCall} [clickToCall]
 * @property {typeof English.settingsSheet} [settingsSheet]
 * @property {typeof English.popOut} [popOut]
 * @property {Diagnostics} [diagnostics]
 * @property {ProblemTexts} [problems]
 * @property {(problem: Problem) => string | undefined} [explain] The advice for this one case.
 * @typedef {typeof English.button} ButtonTexts
 * @typedef {typeof English.core} Core
 * @typedef {typeof English.diagnostics} Diagnostics
 */

/**
 * The texts of `locale` (of `es` for `es-MX`), or of the page's language, with the page's own texts in them; null if only
 * English is left, which is in the code that shows it.
 * @param {string | null | undefined} locale
 * @param {Environment} env
 * @param {EpochPhoneConfig["texts"]} [own]
 * @returns {Promise<Texts | null>}
 */
export async function loadTexts(locale, env, own) {
  const texts = await loadLanguage(locale || env.document.documentElement.lang, env);
  if (!own) return texts;
  return env.loadChunk("own-texts").then(
    ({ withOwnTexts }) => withOwnTexts(texts, own),
    () => texts,
  );
}

/**
 * @param {unknown} locale
 * @param {Environment} env
 * @returns {Promise<Texts | null>}
 */
async function loadLanguage(locale, env) {
  const language = String(locale).split(/[-_]/)[0].toLowerCase();
  const chunk = `locale-${language}`;
  if (language === button.language || !(IS_SINGLE_FILE || Object.hasOwn(CHUNK_HASHES, chunk))) return null;
  // A phone in English is better than none.
  return env.loadChunk(/** @type {Extract<keyof Chunks, `locale-${string}`>} */ (chunk)).catch(() => null);
}
