/** Where the phone's settings come from: its script tag, `window.EpochPhoneConfig`, `init()`. */

// The server writes its own address here when it serves the file: a copy elsewhere still finds its way home.
const BAKED = "__EPOCH_API_BASE__";

const TAG = 'script[data-token]:is([src*="phone.js"], [src*="phone.full.js"])';

/** The script tag of this very load, or null (module, bundle, static-resource loader). */
export function findTag(document, current) {
  if (current?.hasAttribute?.("data-token")) return current;
  return document.querySelector(TAG) ?? current ?? inShadow(document);
}

/** A script inside a shadow root does not know itself: our tag in the open ones below `root`, or null. */
function inShadow(root) {
  for (const { shadowRoot } of root.querySelectorAll("*")) {
    const tag = shadowRoot && (shadowRoot.querySelector(TAG) ?? inShadow(shadowRoot));
    if (tag) return tag;
  }
  return null;
}

/** The attributes of `tag` as settings; only those that are there. */
export function fromTag(tag) {
  const data = tag?.dataset ?? {};
  const settings = {
    token: data.token,
    ticket: data.ticket,
    apiBase: data.api,
    position: data.position,
    offsetX: data.offsetX,
    offsetY: data.offsetY,
    theme: data.theme,
    color: data.color,
    locale: data.locale,
    clickToCall: data.clickToCall,
    hidden: data.hidden,
    popOut: data.popOut,
    debug: data.debug,
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

/** The address of the phone service, without a slash at its end, or null when nothing tells it. */
export function apiBase(settings, tag, baked = BAKED) {
  const given = settings.apiBase || (/^https?:/.test(baked) ? baked : originOf(tag?.src));
  return given ? String(given).replace(/\/+$/, "") : null;
}

/** Whether a setting written as an attribute or as a value is switched on. */
export const isOn = (value) => value === true || /^(on|true|1)$/i.test(String(value ?? ""));

/** Whether it is switched off, which is more than not being switched on. */
export const isOff = (value) => /^(off|false|0)$/i.test(String(value ?? ""));

/** The origin of an address, or null where it is none. */
export function originOf(source) {
  try {
    return source ? new URL(source).origin : null;
  } catch {
    return null;
  }
}
