/** Makes CSS custom properties from the phone's colour roles; a page can override each of them. */

/**
 * `--<name>` for each role, with the page's value `--epoch-<name>` before the phone's own (see the guide).
 * @param {string} roles `name:value;` for each role.
 */
export const colorRoles = (roles) => roles.replace(/([\w-]+):([^;]+)/g, "--$1:var(--epoch-$1,$2)");
