/** Loads a view of the panel from its chunk when the view is wanted, then passes the panel's updates and keys to it. */

/** @import { Panel } from "./panel.js" */
/** @import { PanelElements } from "./panel-elements.js" */
/** @import { View } from "./views.js" */
/**
 * @typedef {object} LazyView
 * @property {(view: View, isCovered: boolean) => void} update `isCovered`: the settings sheet covers the stage.
 * @property {(event: KeyboardEvent) => boolean} [onKey] True if the view handled the key.
 */

export class ViewLoader {
  #panel;
  #isWanted;
  #load;
  /**
   * The panel's elements, which are new ones after the panel was built again in another language.
   * @type {PanelElements | null}
   */
  #elements = null;
  /** @type {LazyView | null} */
  #lazyView = null;
  #isRequested = false;

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
      this.#lazyView = null;
      this.#isRequested = false;
    }
    if (this.#lazyView) this.#lazyView.update(view, isCovered);
    else if (this.#isWanted(view)) this.#loadView(elements);
  }

  /**
   * True if the view handled the key.
   * @param {KeyboardEvent} event
   */
  onKey(event) {
    return Boolean(this.#lazyView?.onKey?.(event));
  }

  /** @param {PanelElements} elements */
  async #loadView(elements) {
    if (this.#isRequested) return;
    this.#isRequested = true;
    try {
      const lazyView = await this.#load(elements);
      if (this.#elements !== elements) return;
      this.#lazyView = lazyView;
      this.#panel.render();
    } catch {
      // The panel works without this view; the next update tries again.
      this.#isRequested = false;
    }
  }
}
