/**
 * Finds the phone's script tag, reads its attributes as settings, finds the URL of the phone service, and tells whether
 * a setting is on or off.
 */

import { SETTINGS } from "./settings.js";

/** @import { Settings } from "./types.d.ts" */

// The server replaces this with its own URL when it serves the file, so that a copy on another server finds the
// service.
const API_BASE_PLACEHOLDER = "__EPOCH_API_BASE__";

// Tags are recognized by the token alone: a renamed or bundled copy of the script has another URL.
const TOKEN_TAG = 'script[data-token^="ept_"]';
/** For tag managers that drop `data-*`. Browsers do not send a URL's fragment to a server. */
const FRAGMENT_TAG = 'script[src*="#ept_"]';

// All settings whose attribute is their name in kebab case.
const ATTRIBUTES = Object.keys(SETTINGS).filter((name) => name !== "apiBase" && name !== "texts");

/**
 * The script tag of the phone; null without one, as in a module, a bundle or a loader of static resources.
 * @param {Document} document
 * @param {HTMLOrSVGScriptElement | null} current
 * @returns {HTMLScriptElement | null}
 */
export function findTag(document, current) {
  const script = /** @type {HTMLScriptElement | null} */ (current);
  if (script?.hasAttribute?.("data-token")) return script;
  /** @type {HTMLScriptElement | null} */
  const found =
    document.querySelector(TOKEN_TAG) ?? (tokenInUrl(script) ? script : document.querySelector(FRAGMENT_TAG));
  return found ?? script ?? findTagInShadowRoots(document);
}

/**
 * The token in the fragment of a script's URL.
 * @param {{src?: string} | null} tag
 */
const tokenInUrl = (tag) => /#(ept_\w+)/.exec(tag?.src ?? "")?.[1];

/**
 * Our script tag in the open shadow roots below `root`: inside one, `document.currentScript` is null.
 * @param {ParentNode} root
 * @returns {HTMLScriptElement | null}
 */
function findTagInShadowRoots(root) {
  for (const { shadowRoot } of root.querySelectorAll("*")) {
    if (!shadowRoot) continue;
    /** @type {HTMLScriptElement | null} */
    const tag = shadowRoot.querySelector(`${TOKEN_TAG},${FRAGMENT_TAG}`);
    const found = tag ?? findTagInShadowRoots(shadowRoot);
    if (found) return found;
  }
  return null;
}

/**
 * The settings in the attributes of `tag`, and the token in its URL. Attributes that are missing are left out.
 * @param {HTMLScriptElement | null} tag
 * @returns {Settings}
 */
export function settingsOfTag(tag) {
  /** @type {DOMStringMap} */
  const data = tag?.dataset ?? {};
  const settings = {
    ...Object.fromEntries(ATTRIBUTES.map((name) => [name, data[name]])),
    token: data.token ?? tokenInUrl(tag),
    apiBase: data.api,
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

/**
 * The base URL of the phone service's API, without a slash at its end; null if it is not known.
 * @param {Settings} settings
 * @param {{src: string} | null} tag
 * @param {string} builtIn
 */
export function apiBase(settings, tag, builtIn = API_BASE_PLACEHOLDER) {
  const given = settings.apiBase || (/^https?:/.test(builtIn) ? builtIn : originOf(tag?.src));
  return given ? String(given).replace(/\/+$/, "") : null;
}

/**
 * True if a setting, an attribute's text or a value, is switched on.
 * @param {unknown} value
 */
export const isOn = (value) => value === true || /^(on|true|1)$/i.test(String(value ?? ""));

/**
 * True if a setting is switched off explicitly.
 * @param {unknown} value
 */
export const isOff = (value) => /^(off|false|0)$/i.test(String(value ?? ""));

/**
 * The origin of a URL; null if it is not a URL.
 * @param {string | null | undefined} url
 */
export function originOf(url) {
  try {
    return url ? new URL(url).origin : null;
  } catch {
    return null;
  }
}
