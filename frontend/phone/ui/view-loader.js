/** Loads a view of the panel, whose code is a chunk, when it is wanted, and passes the panel's changes on to it. */

/** @import { Panel } from "./panel.js" */
/** @import { PanelElements } from "./panel-elements.js" */
/** @import { View } from "./views.js" */
/**
 * @typedef {object} LazyView
 * @property {(view: View, isCovered: boolean) => void} update `isCovered`: the settings cover the stage.
 * @property {(event: KeyboardEvent) => boolean} [onKey] True if the view handled the key.
 */

export class ViewLoader {
  #panel;
  #isWanted;
  #load;
  /**
   * Of the panel; new ones where it was built again, in another language.
   * @type {PanelElements | null}
   */
  #elements = null;
  /** @type {LazyView | null} */
  #part = null;
  #isAsked = false;

  /**
   * @param {Panel} panel
   * @param {object} options
   * @param {(view: View) => boolean} options.isWanted
   * @param {(elements: PanelElements) => Promise<LazyView>} options.load Rejects with Problem.
   */
  constructor(panel, { isWanted, load }) {
    this.#panel = panel;
    this.#isWanted = isWanted;
    this.#load = load;
  }

  /**
   * @param {PanelElements} elements
   * @param {View} view
   * @param {boolean} isCovered
   */
  update(elements, view, isCovered) {
    if (this.#elements !== elements) {
      this.#elements = elements;
      this.#part = null;
      this.#isAsked = false;
    }
    if (this.#part) this.#part.update(view, isCovered);
    else if (this.#isWanted(view)) this.#loadPart(elements);
  }

  /**
   * True if the key was one of the part.
   * @param {KeyboardEvent} event
   */
  onKey(event) {
    return Boolean(this.#part?.onKey?.(event));
  }

  /** @param {PanelElements} elements */
  async #loadPart(elements) {
    if (this.#isAsked) return;
    this.#isAsked = true;
    try {
      const part = await this.#load(elements);
      if (this.#elements !== elements) return;
      this.#part = part;
      this.#panel.render();
    } catch {
      // The panel works without it; its next change tries again.
      this.#isAsked = false;
    }
  }
}
