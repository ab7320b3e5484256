/** What colours the page has, which the phone follows unless it is told its own. */

/** `light` or `dark` where the page says that it is, else `auto`: the system's. */
export function schemeOf({ body, head }) {
  const own = (body && getComputedStyle(body).colorScheme) || "normal";
  const told = own === "normal" ? head?.querySelector("meta[name=color-scheme]")?.content : own;
  return /^(?:only )?(light|dark)(?: only)?$/.exec(told ?? "")?.[1] ?? "auto";
}

/** Call `changed()` when the page may have another scheme; returns the way to stop. */
export function watchScheme({ document, window }, changed) {
  // Which class or attribute makes a page dark is the page's own affair.
  const observer = new window.MutationObserver(changed);
  const system = window.matchMedia?.("(prefers-color-scheme:dark)");
  for (const element of [document.documentElement, document.body]) {
    if (element) observer.observe(element, { attributes: true });
  }
  system?.addEventListener("change", changed);
  return () => {
    observer.disconnect();
    system?.removeEventListener("change", changed);
  };
}
