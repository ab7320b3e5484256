/** Looks up the names of countries in the language of the phone. */

export class RegionNames {
  #language;
  /** @type {Intl.DisplayNames | undefined} */
  #names;

  /** @param {string} language */
  constructor(language) {
    this.#language = language;
  }

  /**
   * The name of `region`, a two-letter code; the code itself if the browser has no name. The first call is slow, because the
   * browser loads its tables.
   * @param {string} region
   */
  of(region) {
    try {
      this.#names ??= new Intl.DisplayNames([this.#language], { type: "region" });
      return this.#names.of(region) ?? region;
    } catch {
      return region;
    }
  }
}
