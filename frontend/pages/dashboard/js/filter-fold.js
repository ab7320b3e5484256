/** Unfolds a list's filters on wide screens in browsers without `::details-content`; the others unfold them by CSS. */

const WIDE_SCREEN = "(min-width: 720px)";

/** @param {Document} document */
export function openFilters(document) {
  if (!window.matchMedia(WIDE_SCREEN).matches) return;
  for (const fold of document.querySelectorAll("details.filter-fold")) fold.setAttribute("open", "");
}
