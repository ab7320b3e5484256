/** Follows the element of the page that holds the phone: pages add it late, replace it, and take it away during a call. */

/** @import { Environment } from "../types.d.ts" */

/**
 * Call `onChange` with the first element that `selector` names, or null, now and whenever it is another one; returns a
 * function that ends it.
 * @param {string} selector
 * @param {Pick<Environment, "document" | "window">} env
 * @param {(element: Element | null) => void} onChange
 */
export function followContainer(selector, { document, window }, onChange) {
  /** @type {Element | null} */
  let present = null;
  const check = () => {
    const found = document.querySelector(selector);
    if (found === present) return;
    present = found;
    onChange(found);
  };
  const observer = new window.MutationObserver(check);
  observer.observe(document, { childList: true, subtree: true });
  check();
  return () => observer.disconnect();
}
