/** For phone.full.js alone, the file that needs no other: what else is loaded apart, evaluated when it is asked for. */
export const sdk = () => import("../sdk/index.js");

export const part = (name) => import(`./apart/${name.replace(/^locale-/, "locales/")}.js`);
