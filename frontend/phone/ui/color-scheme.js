/** Reads and watches the page's colour scheme, which the phone follows unless it has a theme of its own. */

/** @import { Environment } from "../types.d.ts" */

/**
 * The page's scheme; `auto`, the system's, if the page declares none.
 * @param {Document} document
 */
export function pageColorScheme({ body, head }) {
  const ofBody = (body && getComputedStyle(body).colorScheme) || "normal";
  /** @type {HTMLMetaElement | null | undefined} */
  const meta = head?.querySelector("meta[name=color-scheme]");
  const declared = ofBody === "normal" ? meta?.content : ofBody;
  return /^(?:only )?(light|dark)(?: only)?$/.exec(declared ?? "")?.[1] ?? "auto";
}

/**
 * Call `onChange` when the page may have another scheme; returns a function that stops it.
 * @param {Environment} env
 * @param {() => void} onChange
 */
export function watchColorScheme({ document, window }, onChange) {
  const observer = new window.MutationObserver(() => {
    observe();
    onChange();
  });
  const systemScheme = window.matchMedia?.("(prefers-color-scheme:dark)");
  // Any class or attribute can make a page dark, and frameworks replace the body and the root.
  function observe() {
    const { documentElement: root, body } = document;
    observer.observe(document, { childList: true });
    if (root) observer.observe(root, { attributes: true, childList: true });
    if (body) observer.observe(body, { attributes: true });
  }
  observe();
  systemScheme?.addEventListener("change", onChange);
  return () => {
    observer.disconnect();
    systemScheme?.removeEventListener("change", onChange);
  };
}
