/** Finds the direction in which a language is written: from the browser, else from a list. */

/**
 * @typedef {{direction?: string}} TextInfo
 * @typedef {Intl.Locale & {getTextInfo?: () => TextInfo, textInfo?: TextInfo}} LocaleWithTextInfo Not in TypeScript yet.
 */

// For browsers whose Intl.Locale has no direction.
const RIGHT_TO_LEFT = /^(?:ar|arc|ckb|dv|fa|he|ks|ps|sd|ug|ur|yi)$/;

/**
 * `ltr` or `rtl`.
 * @param {string} language
 */
export function directionOf(language) {
  /** @type {LocaleWithTextInfo} */
  const locale = new Intl.Locale(language);
  const { direction } = locale.getTextInfo?.() ?? locale.textInfo ?? {};
  return direction ?? (RIGHT_TO_LEFT.test(language) ? "rtl" : "ltr");
}
