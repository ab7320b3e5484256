/**
 * The package's main module: the loader, its error and PhoneStore, for any framework or none. Importing it changes no
 * page.
 */
export { EpochPhoneLoadError } from "./load-error.js";
export { loadPhone } from "./load.js";
export { PhoneStore } from "./store.js";

/** @typedef {import("./load-error.js").LoadErrorCode} LoadErrorCode */
/** @typedef {import("./load.js").LoadOptions} LoadOptions */
/** @typedef {import("./store.js").PhoneOptions} PhoneOptions */
/** @typedef {import("./store.js").PhoneSettings} PhoneSettings */
/** @typedef {import("./store.js").PhoneSnapshot} PhoneSnapshot */
