/** Splits long work into tasks, between which the page can paint and handle input. */

/** Resolves in a later task. */
export const nextTask = () => new Promise((resolve) => setTimeout(resolve));
