/** Validates the called person that a page names: a name, a company and the URL of the person's record. */
import { Problem } from "../errors.js";

/** @import { CalledPerson } from "../types.d.ts" */

const MAX_NAME_LENGTH = 200;
// Short enough, without a user name, and without the quotation mark that URL allows in a host and the server does not.
const WEB_ADDRESS = /^(?=.{0,1000}$)https?:\/\/[^/@"]+\//;
// The characters that the server replaces: controls, halves of surrogate pairs and characters that reorder the text around them.
const GAPS = /[\p{Cc}\p{Cs}\s\u202a-\u202e\u2066-\u2069]+/gu;

/**
 * The parts that are given. A long name is cut, so that it stops no call. Throws Problem if `url` is no web address.
 * @param {EpochPhoneCallOptions} options
 * @param {string} page The address against which `url` may be relative.
 * @returns {CalledPerson}
 */
export const calledPerson = ({ name, company, url }, page) =>
  withoutEmpty({ name: singleLine(name), company: singleLine(company), url: url ? webAddress(url, page) : "" });

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
  return [...`${text}`.replace(GAPS, " ").trim()].slice(0, MAX_NAME_LENGTH).join("").trim();
}

/**
 * @param {string | URL} address
 * @param {string} page
 */
function webAddress(address, page) {
  try {
    const { href: written, port } = new URL(address, page);
    // The server stores no address with these two, which URL leaves as they are behind a question mark.
    const href = written.replace(/[\\`]/g, encodeURIComponent);
    if (WEB_ADDRESS.test(href) && port !== "0") return href;
  } catch {
    // Refused below.
  }
  throw new Problem("url_invalid");
}
