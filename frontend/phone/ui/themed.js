/** Makes colour roles of the phone that a page can set. */

/**
 * Custom properties of `roles`. A page may set each of them as --epoch-<name> (see the guide).
 * @param {string} roles
 */
export const themed = (roles) => roles.replace(/([\w-]+):([^;]+)/g, "--$1:var(--epoch-$1,$2)");
