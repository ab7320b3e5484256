/**
 * Finds the page's container element for the phone (`data-container`) and watches it: pages add it late, replace it, and
 * remove it during a call.
 */

/** @import { Environment } from "../types.d.ts" */

/**
 * Call `onChange` with the first element that matches `selector`, or null, now and whenever another element matches first;
 * returns a function that stops watching.
 * @param {string} selector
 * @param {Pick<Environment, "document" | "window">} env
 * @param {(element: Element | null) => void} onChange
 */
export function followContainer(selector, { document, window }, onChange) {
  /** @type {Element | null} */
  let current = null;
  const check = () => {
    const found = document.querySelector(selector);
    if (found === current) return;
    current = found;
    onChange(found);
  };
  const observer = new window.MutationObserver(check);
  observer.observe(document, { childList: true, subtree: true });
  check();
  return () => observer.disconnect();
}
