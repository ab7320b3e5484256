/** Finds elements that a page's own template has for certain. */

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
