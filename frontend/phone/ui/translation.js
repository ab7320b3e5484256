/** The texts of one phone: those of the language that it was given, or of the page's, which may change. */
import { loadTexts } from "../i18n/texts.js";

/** @import { Texts } from "../i18n/texts.js" */
/** @import { Environment, Settings } from "../types.d.ts" */

export class Translation {
  /**
   * Null for English, and until they are loaded.
   * @type {Texts | null}
   */
  texts = null;
  #settings;
  #env;
  #onChange;
  #language = "";
  /** The number of times that texts were asked for: the answer to the last question counts. */
  #questions = 0;

  /**
   * @param {Settings} settings
   * @param {Environment} env
   * @param {() => void} onChange
   */
  constructor(settings, env, onChange) {
    this.#settings = settings;
    this.#env = env;
    this.#onChange = onChange;
  }

  get #wanted() {
    return this.#settings.locale || this.#env.document.documentElement.lang;
  }

  /** Load the texts of the present settings. */
  async load() {
    const language = this.#wanted;
    this.#language = language;
    this.#questions += 1;
    const question = this.#questions;
    // The phone gets the address of its chunks after its host.
    await null;
    const texts = await loadTexts(language, this.#env, this.#settings.texts);
    if (question !== this.#questions || texts === this.texts) return;
    this.texts = texts;
    this.#onChange();
  }

  /** Load other texts if the page has another language now. */
  followPage() {
    if (this.#language !== this.#wanted) this.load();
  }

  stop() {
    this.#questions += 1;
  }
}
