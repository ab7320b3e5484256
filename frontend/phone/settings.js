/** The settings of a page: one table of their names and values, for the script tag, `init()` and `update()`. */

/** @import { Settings } from "./types.d.ts" */

/**
 * @typedef {object} Kind The values that a setting takes: words, or what `accepts` is true for.
 * @property {readonly string[]} [words]
 * @property {(value: any) => unknown} [accepts]
 * @property {string} takes For a message.
 */

/** @param {string[]} words */
const oneOf = (...words) => ({ words, takes: words.join(" or ") });
/** @type {Kind} */
const SWITCH = { words: ["on", "off", "true", "false", "1", "0"], takes: "on or off" };
/** @type {Kind} */
const TEXT = { accepts: (value) => typeof value === "string" && value.trim(), takes: "a text" };
/** @type {Kind} */
const PIXELS = {
  accepts: (value) => /^-?\d+(?:\.\d+)?(?:px)?$/.test(String(value).trim()),
  takes: "a number of pixels",
};
/** @type {Kind} */
const COLOR = { accepts: (value) => typeof value === "string" && CSS.supports("color", value), takes: "a CSS colour" };
/** @type {Kind} */
const TEXTS = { accepts: (value) => typeof value === "object" && !Array.isArray(value), takes: "an object of texts" };
/** @type {Kind} */
const SELECTOR = { accepts: isSelector, takes: "a CSS selector" };
// The session's are judged by the server.
/** @type {Kind} */
const ANY = { accepts: () => true, takes: "" };

/**
 * By name; the attribute is the same in kebab case, but `data-api`. Only our own pages give a `ticket`. `texts` has no
 * attribute.
 * @satisfies {Record<keyof Settings, Kind>}
 */
export const SETTINGS = {
  token: ANY,
  ticket: ANY,
  apiBase: ANY,
  position: oneOf("bottom-right", "bottom-left"),
  offsetX: PIXELS,
  offsetY: PIXELS,
  theme: oneOf("auto", "light", "dark"),
  color: COLOR,
  locale: TEXT,
  texts: TEXTS,
  clickToCall: SWITCH,
  hidden: SWITCH,
  container: SELECTOR,
  confirm: SWITCH,
  dialpad: SWITCH,
  telOnPhones: oneOf("native", "phone"),
  popOut: SWITCH,
  debug: SWITCH,
};

/** What begins a session, which `update()` does not. */
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
  const complaints = [];
  for (const [name, value] of Object.entries(given ?? {})) {
    /** @type {Kind | undefined} */
    const kind = Object.hasOwn(SETTINGS, name) ? SETTINGS[/** @type {keyof Settings} */ (name)] : undefined;
    if (value === undefined) continue;
    if (!kind) complaints.push(`${name} is no setting`);
    else if (refused.includes(name)) complaints.push(`${name} is set by init() only`);
    else if (value === null) valid[name] = value;
    else if (kind.accepts?.(value)) valid[name] = value;
    else if (kind.words?.includes(String(value).toLowerCase())) valid[name] = String(value).toLowerCase();
    else complaints.push(`${name} takes ${kind.takes}`);
  }
  if (complaints.length > 0) console.warn(`[EpochPhone] ignored settings: ${complaints.join("; ")}`);
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
