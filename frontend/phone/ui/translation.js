/** Loads the texts of one phone, in the language of its settings or else of the page, and again when that language changes. */
import { loadTexts } from "../i18n/texts.js";

/** @import { Texts } from "../i18n/texts.js" */
/** @import { Environment, Settings } from "../types.d.ts" */

export class Translation {
  /**
   * Null for English, and until the texts are loaded.
   * @type {Texts | null}
   */
  texts = null;
  #settings;
  #env;
  #onChange;
  #language = "";
  /** Counts the loads: only the result of the last one is used. */
  #loadCount = 0;

  /**
   * @param {Settings} settings
   * @param {Environment} env
   * @param {() => void} onChange Called when `texts` are others.
   */
  constructor(settings, env, onChange) {
    this.#settings = settings;
    this.#env = env;
    this.#onChange = onChange;
  }

  get #wantedLanguage() {
    return this.#settings.locale || this.#env.document.documentElement.lang;
  }

  /** Load the texts of the present settings. */
  async load() {
    const language = this.#wantedLanguage;
    this.#language = language;
    this.#loadCount += 1;
    const load = this.#loadCount;
    // The base URL of the chunks is set after the host is constructed.
    await null;
    const texts = await loadTexts(language, this.#env, this.#settings.texts);
    if (load !== this.#loadCount || texts === this.texts) return;
    this.texts = texts;
    this.#onChange();
  }

  /** Load other texts if the page has another language now. */
  followPage() {
    if (this.#language !== this.#wantedLanguage) this.load();
  }

  stop() {
    this.#loadCount += 1;
  }
}
