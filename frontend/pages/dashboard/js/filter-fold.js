/** Unfolds the form of filters on wide screens, for browsers without `::details-content`; the others do it by CSS. */

const WIDE_SCREEN = "(min-width: 720px)";

/** @param {Document} document */
export function openFilters(document) {
  if (!window.matchMedia(WIDE_SCREEN).matches) return;
  for (const fold of document.querySelectorAll("details.filter-fold")) fold.setAttribute("open", "");
}
