/** Tells if a person can press the phone where it is shown. */

// A person must be able to press these, the first one most of all.
const CONTROLS = [".stop", ".main", ".round", ".fab"];

/**
 * True if a press on the phone's most needed button reaches it, false if something else gets it; null if no button is shown
 * inside the window.
 * @param {HTMLElement} host
 * @param {HTMLElement} root
 */
export function isReachable(host, root) {
  if (!host.isConnected) return false;
  const tree = /** @type {Document | ShadowRoot} */ (host.getRootNode());
  if (!tree.elementFromPoint) return null;
  for (const selector of CONTROLS) {
    for (const control of root.querySelectorAll(selector)) {
      const { left, top, width, height } = control.getBoundingClientRect();
      if (width === 0 || height === 0) continue;
      const hit = tree.elementFromPoint(left + width / 2, top + height / 2);
      return hit ? hit === host : null;
    }
  }
  return root.getClientRects().length === 0 ? false : null;
}
