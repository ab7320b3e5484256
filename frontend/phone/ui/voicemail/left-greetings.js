/**
 * The ids of this page's calls in which a greeting was left.
 * @type {Set<string>}
 */
export const leftGreetings = new Set();
