/** The settings that a page can give: a table of their names and allowed values, and the check of given settings. */

/** @import { Settings } from "./types.d.ts" */
/**
 * @typedef {readonly string[] | ((value: any) => unknown)} AllowedValues The texts that a setting can have, or a test
 *   of a value.
 */

/** @type {AllowedValues} */
const SWITCH = ["on", "off", "true", "false", "1", "0"];
/** @param {unknown} value */
const isText = (value) => typeof value === "string" && value.trim();
/** @param {unknown} value */
const isPixels = (value) => /^-?\d+(?:\.\d+)?(?:px)?$/.test(String(value).trim());
// The server checks token and ticket.
const isAny = () => true;

/**
 * Name to allowed values. The attribute of a setting is its name in kebab case; that of `apiBase` is `data-api`, and
 * `texts` has none. Only our own pages give a `ticket`.
 * @satisfies {Record<keyof Settings, AllowedValues>}
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

/** The settings whose change needs a new session: `init()` takes them, `update()` does not. */
export const SESSION_SETTINGS = ["token", "ticket", "apiBase"];

/**
 * The settings in `given` that can be used; null puts a setting back to its default. The others are ignored, with one
 * warning on the console that names them.
 * @param {unknown} given
 * @param {string[]} [refused] Names of settings that are refused: `update()` refuses those that only `init()` takes.
 * @returns {Settings}
 */
export function validSettings(given, refused = []) {
  /** @type {Record<string, unknown>} */
  const valid = {};
  const errors = [];
  for (const [name, value] of Object.entries(Object(given) === given ? Object(given) : {})) {
    if (value === undefined) continue;
    /** @type {AllowedValues | undefined} */
    const allowed = Object.hasOwn(SETTINGS, name) ? SETTINGS[/** @type {keyof Settings} */ (name)] : undefined;
    const text = String(value).toLowerCase();
    if (!allowed) errors.push(`${name} is not a setting`);
    else if (refused.includes(name)) errors.push(`${name} is set by init()`);
    else if (value === null || (typeof allowed === "function" && allowed(value))) valid[name] = value;
    else if (typeof allowed === "function") errors.push(`${name} has an invalid value`);
    else if (allowed.includes(text)) valid[name] = text;
    else errors.push(`${name} must be one of ${allowed.join(", ")}`);
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
