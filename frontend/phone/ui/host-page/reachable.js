/** Tells if a person can press the phone where it is shown. */

// A person must be able to press these, the first one most of all.
const CONTROLS = [".stop", ".main", ".round", ".fab"];

/**
 * True if a press on the phone's most needed button reaches it, false if something else gets it, or if the place of the host
 * is not drawn; null if no button is shown inside the window.
 * @param {HTMLElement} host
 * @param {HTMLElement} root
 * @param {{isScrolled: boolean}} options `isScrolled`: the button may be outside the window, as it is scrolled with the page.
 */
export function isReachable(host, root, { isScrolled }) {
  if (!host.isConnected) return false;
  // A frame that is hidden draws nothing, wherever the host is.
  if (!window.innerWidth || !window.innerHeight) return null;
  // Closed details and `content-visibility` keep the sizes of what they do not draw.
  if (root.checkVisibility?.() === false) return false;
  const tree = /** @type {Document | ShadowRoot} */ (host.getRootNode());
  if (!tree.elementFromPoint) return null;
  for (const selector of CONTROLS) {
    for (const control of root.querySelectorAll(selector)) {
      const { left, top, width, height } = control.getBoundingClientRect();
      if (width === 0 || height === 0) continue;
      const hit = tree.elementFromPoint(left + width / 2, top + height / 2);
      if (hit) return hit === host;
      return isScrolled ? null : false;
    }
  }
  return root.getClientRects().length === 0 ? false : null;
}
