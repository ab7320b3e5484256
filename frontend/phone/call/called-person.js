/** Reads who a page says it calls: a name, a company and the address of the person's record. */
import { Problem } from "../errors.js";

/** @import { CalledPerson } from "../types.d.ts" */

const MAX_NAME_LENGTH = 200;
// Short enough, and without a user name.
const WEB_ADDRESS = /^(?=.{0,1000}$)https?:\/\/[^/@]+\//;
// The server removes further characters. A half of a surrogate pair cannot be sent.
const GAPS = /[\p{Cc}\p{Cs}\s]+/gu;

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
const singleLine = (text) => [...`${text ?? ""}`.replace(GAPS, " ").trim()].slice(0, MAX_NAME_LENGTH).join("");

/**
 * @param {string | URL} address
 * @param {string} page
 */
function webAddress(address, page) {
  try {
    const { href } = new URL(address, page);
    if (WEB_ADDRESS.test(href)) return href;
  } catch {
    // Refused below.
  }
  throw new Problem("url_invalid");
}
