/** Opens and closes the sheet over the panel's stage: settings, devices, diagnostics. Its contents are in a chunk. */
import { asProblem } from "../../errors.js";
import { h } from "../dom.js";

/** @import { Panel } from "../panel.js" */
/** @import { SheetName } from "../render-view.js" */

export class Sheet {
  /**
   * The contents of the open sheet; null while it is closed.
   * @type {SheetName | null}
   */
  name = null;
  #panel;
  /** @type {(() => void) | null} */
  #close = null;

  /** @param {Panel} panel */
  constructor(panel) {
    this.#panel = panel;
  }

  close() {
    this.#close?.();
  }

  /**
   * Open the sheet, or close it if it is open with the same contents.
   * @param {SheetName} name
   * @param {HTMLElement} element
   */
  async toggle(name, element) {
    const panel = this.#panel;
    const opener = /** @type {HTMLElement | null} */ (/** @type {ShadowRoot} */ (element.getRootNode()).activeElement);
    const previous = this.name;
    this.close();
    if (name === previous) return;
    let stop = () => {};
    const close = () => {
      this.#close = this.name = null;
      stop();
      element.replaceChildren();
      panel.render();
      opener?.focus();
    };
    this.#close = close;
    this.name = name;
    element.replaceChildren(h("span", { class: "spin" }));
    panel.render();
    try {
      const { showSettingsSheet } = await panel.env.loadChunk("settings-sheet");
      if (this.#close === close) stop = showSettingsSheet(panel, element, close, name);
    } catch (error) {
      const problem = asProblem(error);
      element.replaceChildren(h("div", { role: "alert" }, `${problem.message}. ${problem.fix}`));
    }
  }
}
