/**
 * Makes a promise that resolves in a later task: between the parts of long work the page can paint and handle input.
 */

/** Resolves in a later task. */
export const nextTask = () => new Promise((resolve) => setTimeout(resolve));
