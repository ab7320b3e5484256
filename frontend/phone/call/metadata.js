/** Validates the metadata that a page gives with a call, and makes the JSON that the server stores. */
import { Problem } from "../errors.js";

// The same limits as the server's.
const MAX_LENGTH = 2_000;
const MAX_DEPTH = 32;
// NUL and halves of surrogate pairs, which no database stores.
const UNSTORABLE = /[\0\p{Cs}]/u;

/**
 * The metadata as it is in the call's events, and its JSON; null and an empty text without metadata. Throws Problem if
 * the server cannot store it unchanged.
 * @param {unknown} given
 * @returns {{metadata: EpochPhoneMetadata | null, json: string}}
 */
export function readMetadata(given) {
  if (given === null || given === undefined) return { metadata: null, json: "" };
  let json = "";
  /** @type {unknown} */
  let metadata;
  try {
    json = JSON.stringify(given, refuseUnstorable);
    // A copy: the page may change its object later, and the events must have what the record has.
    metadata = JSON.parse(json);
  } catch {
    // A circular reference, a BigInt, too many levels or an unstorable value: `metadata` stays undefined.
  }
  if (!isPlainObject(metadata) || json.length > MAX_LENGTH || depthOf(metadata) > MAX_DEPTH)
    throw new Problem("invalid_metadata");
  return { metadata, json };
}

/**
 * @param {string} key
 * @param {unknown} value
 */
function refuseUnstorable(key, value) {
  const isText = typeof value === "string";
  // JSON.stringify() would omit functions and symbols without an error, and write a Map, a Set or an element as {}.
  if (
    /^(?:function|symbol)$/.test(typeof value) ||
    UNSTORABLE.test(key) ||
    (isText && UNSTORABLE.test(value)) ||
    (isObject(value) && !Array.isArray(value) && hasClass(value))
  )
    throw new TypeError();
  return value;
}

/**
 * True for an instance of any class but Object: the prototype of Object.prototype is null, in other frames too.
 * @param {object} value
 */
const hasClass = (value) => Boolean(Object.getPrototypeOf(Object.getPrototypeOf(value) ?? Object.prototype));

/**
 * @param {unknown} value Read from JSON.
 * @returns {value is EpochPhoneMetadata}
 */
const isPlainObject = (value) => isObject(value) && !Array.isArray(value);

/**
 * @param {unknown} value
 * @returns {value is object}
 */
const isObject = (value) => typeof value === "object" && value !== null;

/**
 * @param {unknown} value
 * @returns {number}
 */
const depthOf = (value) => (isObject(value) ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0);
