/** Splits work into tasks: between two of them the page can paint and answer a person. */

/** Resolves in a later task. */
export const nextTask = () => new Promise((resolve) => setTimeout(resolve));
