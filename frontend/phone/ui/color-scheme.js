/** Applies the phone's position and theme to its root element; reads and watches the page's colour scheme. */

/** @import { Environment, ExchangeResponse, Settings } from "../types.d.ts" */

/**
 * Apply position and theme to the root element: the page's settings, else the server's. The theme `auto` is the page's
 * scheme.
 * @param {HTMLElement} root
 * @param {Settings} settings
 * @param {ExchangeResponse["settings"]} serverSettings
 * @param {Document} document
 */
export function applyAppearance({ dataset }, settings, serverSettings, document) {
  const theme = settings.theme ?? serverSettings?.theme;
  dataset.side = (settings.position ?? serverSettings?.position) === "bottom-left" ? "left" : "right";
  dataset.theme = theme === "light" || theme === "dark" ? theme : pageColorScheme(document);
}

/**
 * The page's scheme, `light` or `dark`; `auto`, which follows the system, if the page declares none.
 * @param {Document} document
 */
export function pageColorScheme({ body, head }) {
  const bodyScheme = (body && getComputedStyle(body).colorScheme) || "normal";
  /** @type {HTMLMetaElement | null | undefined} */
  const meta = head?.querySelector("meta[name=color-scheme]");
  const declared = bodyScheme === "normal" ? meta?.content : bodyScheme;
  return /^(?:only )?(light|dark)(?: only)?$/.exec(declared ?? "")?.[1] ?? "auto";
}

/**
 * Call `onChange` when the page's scheme may have changed; returns a function that stops watching.
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
