/** Tests whether a press on the phone's most important visible button reaches it. */

// In the order of importance.
const BUTTONS = [".stop", ".main", ".round", ".fab"];

/**
 * True if a press on the phone's most important visible button reaches it; false if another element gets the press, or if the
 * host is not rendered; null if no button is visible inside the window.
 * @param {HTMLElement} host
 * @param {HTMLElement} root
 * @param {{isScrolled: boolean}} options `isScrolled`: the phone scrolls with the page, so its button may be outside the window.
 */
export function isReachable(host, root, { isScrolled }) {
  if (!host.isConnected) return false;
  // A hidden frame renders nothing, wherever the host is.
  if (!window.innerWidth || !window.innerHeight) return null;
  // Elements in closed details or under `content-visibility` have sizes without being rendered.
  if (root.checkVisibility?.() === false) return false;
  const tree = /** @type {Document | ShadowRoot} */ (host.getRootNode());
  if (!tree.elementFromPoint) return null;
  for (const selector of BUTTONS) {
    for (const button of root.querySelectorAll(selector)) {
      const { left, top, width, height } = button.getBoundingClientRect();
      if (width === 0 || height === 0) continue;
      const hit = tree.elementFromPoint(left + width / 2, top + height / 2);
      if (hit) return hit === host;
      return isScrolled ? null : false;
    }
  }
  return root.getClientRects().length === 0 ? false : null;
}
