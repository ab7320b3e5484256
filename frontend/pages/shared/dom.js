/** Finds elements of a page; throws Error where the page's own template must have the element. */

/**
 * The element with `id`. Throws Error if the template lacks it.
 * @param {string} id
 * @param {Document} [document]
 */
export function elementById(id, document = globalThis.document) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no #${id}`);
  return element;
}

/**
 * The first element in `parent` that matches `selector`. Throws Error if the template lacks it.
 * @template {HTMLElement} [Type=HTMLElement]
 * @param {ParentNode} parent
 * @param {string} selector
 */
export function find(parent, selector) {
  /** @type {Type | null} */
  const element = parent.querySelector(selector);
  if (!element) throw new Error(`The page has no ${selector}`);
  return element;
}

/**
 * The element that matches `selector` and holds the event's target; null if there is none.
 * @template {HTMLElement} [Type=HTMLElement]
 * @param {Event} event
 * @param {string} selector
 * @returns {Type | null}
 */
export const closest = ({ target }, selector) => (target instanceof Element ? target.closest(selector) : null);
