/** Loads the phone's texts in a language. English texts are part of the code that uses them; every other language is a chunk. */
import { button } from "./locales/en.js";

/** @import * as English from "./locales/en.js" */
/** @import { Problem } from "../errors.js" */
/** @import { Chunks, Environment } from "../types.d.ts" */
/**
 * @typedef {Record<string, [sentence: string | undefined, fix: string | undefined]>} ProblemTexts By the problem's code.
 * @typedef {object} Texts The texts of a language. English has `core` only: its other groups are in the chunks that use them.
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
 * @property {(problem: Problem) => string | undefined} [explain] The advice made from the details of this problem.
 * @typedef {typeof English.button} ButtonTexts
 * @typedef {typeof English.core} Core
 * @typedef {typeof English.diagnostics} Diagnostics
 */

/**
 * The texts of `locale` (of `es` for `es-MX`), or of the page's language, changed by the page's own texts; null for English
 * without own texts.
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
  // If the language cannot be loaded, the phone is in English.
  return env.loadChunk(/** @type {Extract<keyof Chunks, `locale-${string}`>} */ (chunk)).catch(() => null);
}
