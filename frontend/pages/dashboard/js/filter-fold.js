/** Opens the folded form of filters on wide screens, where browsers without `::details-content` would keep it folded. */

const WIDE = "(min-width: 720px)";

/** @param {Document} document */
export function openFilters(document) {
  if (!window.matchMedia(WIDE).matches) return;
  for (const fold of document.querySelectorAll("details.filter-fold")) fold.setAttribute("open", "");
}
