/** Reads the phone's settings from its script tag and from values. */

import { SETTINGS } from "./settings.js";

/** @import { Settings } from "./types.d.ts" */

// The server replaces this with its own address when it serves the file: a copy on another server still finds it.
const API_BASE_PLACEHOLDER = "__EPOCH_API_BASE__";

// A renamed or bundled copy of the script has another address, so tags are recognized by the token alone.
const TOKEN_TAG = 'script[data-token^="ept_"]';
/** For tag managers that drop `data-*`: the fragment of an address is sent to no server. */
const FRAGMENT_TAG = 'script[src*="#ept_"]';

// The attribute of a setting is its name in kebab case, but for these two.
const ATTRIBUTES = Object.keys(SETTINGS).filter((name) => name !== "apiBase" && name !== "texts");

/**
 * The script tag that loads the phone; null for a module, a bundle or a loader of static resources.
 * @param {Document} document
 * @param {HTMLOrSVGScriptElement | null} current
 * @returns {HTMLScriptElement | null}
 */
export function findTag(document, current) {
  const script = /** @type {HTMLScriptElement | null} */ (current);
  if (script?.hasAttribute?.("data-token")) return script;
  /** @type {HTMLScriptElement | null} */
  const found =
    document.querySelector(TOKEN_TAG) ?? (tokenInAddress(script) ? script : document.querySelector(FRAGMENT_TAG));
  return found ?? script ?? findTagInShadowRoots(document);
}

/**
 * The token in the fragment of a script's address.
 * @param {{src?: string} | null} tag
 */
const tokenInAddress = (tag) => /#(ept_\w+)/.exec(tag?.src ?? "")?.[1];

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
 * The attributes of `tag` as settings, and the token in its address; only those that are there.
 * @param {HTMLScriptElement | null} tag
 * @returns {Settings}
 */
export function settingsOfTag(tag) {
  /** @type {DOMStringMap} */
  const data = tag?.dataset ?? {};
  const settings = {
    ...Object.fromEntries(ATTRIBUTES.map((name) => [name, data[name]])),
    token: data.token ?? tokenInAddress(tag),
    apiBase: data.api,
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

/**
 * The address of the phone service, without a slash at its end; null if it is not known.
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
 * The origin of an address; null if it is not an address.
 * @param {string | null | undefined} source
 */
export function originOf(source) {
  try {
    return source ? new URL(source).origin : null;
  } catch {
    return null;
  }
}
