/** The settings of a page: one table of their names and values, for the script tag, `init()` and `update()`. */

/** @import { Settings } from "./types.d.ts" */
/** @typedef {readonly string[] | ((value: any) => unknown)} Kind The words that a setting takes, or a test of its values. */

/** @type {Kind} */
const SWITCH = ["on", "off", "true", "false", "1", "0"];
/** @param {unknown} value */
const isText = (value) => typeof value === "string" && value.trim();
/** @param {unknown} value */
const isPixels = (value) => /^-?\d+(?:\.\d+)?(?:px)?$/.test(String(value).trim());
// Those of the session are judged by the server.
const isAny = () => true;

/**
 * By name; the attribute is the same in kebab case, but `data-api`. Only our own pages give a `ticket`. `texts` has no
 * attribute.
 * @satisfies {Record<keyof Settings, Kind>}
 */
export const SETTINGS = {
  token: isAny,
  ticket: isAny,
  apiBase: isAny,
  position: ["bottom-right", "bottom-left"],
  offsetX: isPixels,
  offsetY: isPixels,
  theme: ["auto", "light", "dark"],
  color: (/** @type {unknown} */ value) => isText(value) && CSS.supports("color", String(value)),
  locale: isText,
  texts: (/** @type {unknown} */ value) => typeof value === "object" && !Array.isArray(value),
  clickToCall: SWITCH,
  hidden: SWITCH,
  container: isSelector,
  confirm: SWITCH,
  dialpad: SWITCH,
  telOnPhones: ["native", "phone"],
  popOut: SWITCH,
  debug: SWITCH,
};

/** The settings that begin a session, which `update()` does not. */
export const SESSION_SETTINGS = ["token", "ticket", "apiBase"];

/**
 * The settings in `given` that can be used; null puts a setting back to its default. The others are ignored, with one
 * warning on the console that names them.
 * @param {unknown} given
 * @param {string[]} [refused] Names that cannot be given here.
 * @returns {Settings}
 */
export function validSettings(given, refused = []) {
  /** @type {Record<string, unknown>} */
  const valid = {};
  const errors = [];
  for (const [name, value] of Object.entries(Object(given) === given ? Object(given) : {})) {
    if (value === undefined) continue;
    /** @type {Kind | undefined} */
    const kind = Object.hasOwn(SETTINGS, name) ? SETTINGS[/** @type {keyof Settings} */ (name)] : undefined;
    const word = String(value).toLowerCase();
    if (!kind) errors.push(`${name} is no setting`);
    else if (refused.includes(name)) errors.push(`${name} is set by init()`);
    else if (value === null || (typeof kind === "function" && kind(value))) valid[name] = value;
    else if (typeof kind === "function") errors.push(`${name} cannot be this`);
    else if (kind.includes(word)) valid[name] = word;
    else errors.push(`${name} is one of ${kind.join(", ")}`);
  }
  if (errors.length > 0) console.warn(`[EpochPhone] ignored settings: ${errors.join("; ")}`);
  return valid;
}

/** @param {unknown} value */
function isSelector(value) {
  try {
    return typeof value === "string" && document.createDocumentFragment().querySelector(value) === null;
  } catch {
    return false;
  }
}
