/** Reads numbers with the rules of all countries as soon as they are loaded, before with the few that phone.js has. */
import { readNumber } from "./read-number.js";

/** @import { CountryFields, Environment } from "../types.d.ts" */
/** @import { ParseDialled } from "./read-number.js" */

export class NumberReader {
  /** @type {ParseDialled | undefined} */
  #parse;

  /**
   * Load the rules of all countries. Without them the server's reading, which comes with the call, may differ.
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
