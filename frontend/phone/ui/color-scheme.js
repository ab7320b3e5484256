/** What colours the page has, which the phone follows unless it is told its own. */

/** `light` or `dark` where the page says that it is, else `auto`: the system's. */
export function schemeOf({ body, head }) {
  const own = (body && getComputedStyle(body).colorScheme) || "normal";
  const told = own === "normal" ? head?.querySelector("meta[name=color-scheme]")?.content : own;
  return /^(?:only )?(light|dark)(?: only)?$/.exec(told ?? "")?.[1] ?? "auto";
}

/** Call `changed()` when the page may have another scheme; returns the way to stop. */
export function watchScheme({ document, window }, changed) {
  const observer = new window.MutationObserver(() => {
    observe();
    changed();
  });
  const system = window.matchMedia?.("(prefers-color-scheme:dark)");
  // Which class or attribute makes a page dark is the page's own affair; and frameworks put new bodies and roots in the place of old.
  function observe() {
    const { documentElement: root, body } = document;
    observer.observe(document, { childList: true });
    if (root) observer.observe(root, { attributes: true, childList: true });
    if (body) observer.observe(body, { attributes: true });
  }
  observe();
  system?.addEventListener("change", changed);
  return () => {
    observer.disconnect();
    system?.removeEventListener("change", changed);
  };
}
