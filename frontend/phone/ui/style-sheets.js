/** Adds style sheets to the phone's shadow root: constructed ones, or `<style>` elements where browsers cannot construct any. */
import { createStyleSheet, h } from "./dom.js";

// Shows the phone's element where the page's policy blocks `<style>` too. The phone's own sheet makes it `display: contents`,
// and then these rules have no effect.
const UNSTYLED_HOST_STYLE =
  "position:fixed;right:0;bottom:0;z-index:9999;max-height:90vh;overflow:auto;background:#fff";

export class StyleSheets {
  /**
   * The `<style>` elements, which must come first in the shadow root. Empty if the browser adopts constructed sheets.
   * @type {HTMLStyleElement[]}
   */
  elements = [];
  #shadow;
  #nonce;
  /**
   * Sheets and `<style>` elements by their name, or by their CSS text if they have none.
   * @type {Map<string, CSSStyleSheet | HTMLStyleElement>}
   */
  #sheets = new Map();

  /**
   * @param {ShadowRoot} shadow
   * @param {string | undefined} nonce Of the phone's script tag.
   */
  constructor(shadow, nonce) {
    this.#shadow = shadow;
    this.#nonce = nonce;
  }

  /**
   * Add those style sheets that the shadow root does not have.
   * @param {string[]} texts
   */
  add(...texts) {
    for (const text of texts) if (!this.#sheets.has(text)) this.set(text, text);
  }

  /**
   * Add the style sheet `name`, or replace its text.
   * @param {string} name
   * @param {string} text
   */
  set(name, text) {
    const known = this.#sheets.get(name);
    if (!known) this.#sheets.set(name, this.#adopt(text) ?? this.#insert(text));
    else if ("replaceSync" in known) known.replaceSync(text);
    else known.textContent = text;
  }

  /**
   * The adopted sheet; null in a browser that cannot construct one.
   * @param {string} text
   */
  #adopt(text) {
    try {
      const sheet = createStyleSheet(text);
      this.#shadow.adoptedStyleSheets = [...this.#shadow.adoptedStyleSheets, sheet];
      return sheet;
    } catch {
      return null;
    }
  }

  /** @param {string} text */
  #insert(text) {
    const element = h("style", { nonce: this.#nonce || null }, text);
    const last = this.elements.at(-1);
    if (last) last.after(element);
    else this.#shadow.prepend(element);
    this.elements.push(element);
    /** @type {HTMLElement} */ (this.#shadow.host).style.cssText = UNSTYLED_HOST_STYLE;
    return element;
  }
}
