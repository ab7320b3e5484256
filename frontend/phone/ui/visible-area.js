/** Keeps the panel above an on-screen keyboard, which covers the bottom of the window in most mobile browsers. */

/**
 * While the bottom of the window is covered, give the root the attribute `data-covered` and the custom properties
 * `--covered` and `--seen`: the heights of the covered and of the visible part. Returns a function that stops following.
 * @param {Window} window
 * @param {() => HTMLElement} getRoot The present root: a change of language builds another one.
 */
export function followVisibleArea({ visualViewport }, getRoot) {
  if (!visualViewport) return () => {};
  const apply = () => {
    const root = getRoot();
    const { height, offsetTop, scale } = visualViewport;
    // Browsers disagree about `innerHeight` with a keyboard: the position of the root shows where the window ends.
    const windowHeight = root.getBoundingClientRect().bottom + Number.parseFloat(getComputedStyle(root).bottom);
    const covered = Math.round(windowHeight - height - offsetTop);
    // Zoomed in, a person sees a part of the window only, but no keyboard covers it.
    const isCovered = scale < 1.01 && covered > 0;
    root.toggleAttribute("data-covered", isCovered);
    root.style.setProperty("--covered", `${covered}px`);
    root.style.setProperty("--seen", `${Math.round(height)}px`);
  };
  const events = /** @type {const} */ (["resize", "scroll"]);
  for (const event of events) visualViewport.addEventListener(event, apply);
  return () => {
    for (const event of events) visualViewport.removeEventListener(event, apply);
  };
}
