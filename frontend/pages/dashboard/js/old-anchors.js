/**
 * Redirects old URLs of the former single settings page, such as `settings#team`, to the page of the section.
 * The server redirects them to the first section; only a script sees the fragment, which the browser keeps.
 */

/** @param {Document} document */
export function redirectOldAnchors(document) {
  const { hash, search } = document.location;
  const anchor = hash.slice(1);
  if (!anchor || document.getElementById(anchor)) return;
  /** @type {HTMLAnchorElement | null} */
  const link = document.querySelector(`[data-section-menu] a[data-anchor="${CSS.escape(anchor)}"]`);
  if (link) document.location.replace(link.pathname + search + hash);
}
