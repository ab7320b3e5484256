/** Validates what a page says about the called person: a name, a company and the URL of the person's record. */
import { Problem } from "../errors.js";

/** @import { CalledPerson } from "../types.d.ts" */

const MAX_NAME_LENGTH = 200;
// At most 1,000 characters, no user name, and no quotation mark, which URL allows in a host and the server does not.
const WEB_URL = /^(?=.{0,1000}$)https?:\/\/[^/@"]+\//;
// The characters that the server replaces: controls, halves of surrogate pairs and characters that reorder the text around them.
const REPLACED_CHARACTERS = /[\p{Cc}\p{Cs}\s\u202a-\u202e\u2066-\u2069]+/gu;

/**
 * The parts that are given. A long name is cut rather than refused. Throws Problem if `url` is not an http(s) URL.
 * @param {EpochPhoneCallOptions} options
 * @param {string} page The URL of the page, to which `url` may be relative.
 * @returns {CalledPerson}
 */
export const calledPerson = ({ name, company, url }, page) =>
  withoutEmpty({ name: singleLine(name), company: singleLine(company), url: url ? webUrl(url, page) : "" });

/**
 * `texts` without those that are empty.
 * @template {Record<string, string | null | undefined>} Texts
 * @param {Texts} texts
 * @returns {{[Name in keyof Texts]?: string}}
 */
export const withoutEmpty = (texts) =>
  /** @type {any} */ (Object.fromEntries(Object.entries(texts).filter(([, text]) => text)));

/** @param {unknown} text */
function singleLine(text) {
  if (!/^(?:string|number)$/.test(typeof text)) return "";
  return [...`${text}`.replace(REPLACED_CHARACTERS, " ").trim()].slice(0, MAX_NAME_LENGTH).join("").trim();
}

/**
 * @param {string | URL} url
 * @param {string} page
 */
function webUrl(url, page) {
  try {
    const { href: rawHref, port } = new URL(url, page);
    // The server refuses a URL with these two characters. URL does not escape them in the query.
    const href = rawHref.replace(/[\\`]/g, encodeURIComponent);
    if (WEB_URL.test(href) && port !== "0") return href;
  } catch {
    // Refused below.
  }
  throw new Problem("url_invalid");
}
