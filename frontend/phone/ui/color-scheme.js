/** The phone's theme and side: those of its settings, and the page's colour scheme, which is read and watched. */

/** @import { Environment, ExchangeResponse, Settings } from "../types.d.ts" */

/**
 * Apply the position and the theme to the root element: the page's settings first, then those of the server.
 * @param {HTMLElement} root
 * @param {Settings} settings
 * @param {ExchangeResponse["settings"]} ofServer
 * @param {Document} document
 */
export function applyLooks({ dataset }, settings, ofServer, document) {
  const theme = settings.theme ?? ofServer?.theme;
  dataset.side = (settings.position ?? ofServer?.position) === "bottom-left" ? "left" : "right";
  dataset.theme = theme === "light" || theme === "dark" ? theme : pageColorScheme(document);
}

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
