/**
 * Finds the phone numbers in a text by the rules of all countries once those are loaded; until then by the few rules
 * that phone.js has.
 */
import { readNumber } from "./read-number.js";

/** @import { CountryFields, Environment } from "../types.d.ts" */
/** @import { ParseDialled } from "./read-number.js" */

export class NumberReader {
  /** @type {ParseDialled | undefined} */
  #parse;

  /**
   * Load the rules of all countries. Without them the server may read a number differently when the call begins.
   * @param {Environment} env
   */
  async load({ loadChunk }) {
    try {
      ({ parseDialled: this.#parse } = await loadChunk("phone-numbers"));
    } catch {
      // The rules that phone.js has stay in use.
    }
  }

  /**
   * @param {unknown} text
   * @param {CountryFields | null} country
   */
  read(text, country) {
    return readNumber(text, country, this.#parse);
  }
}
