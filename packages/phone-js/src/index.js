/** The loader, for any framework or none. Nothing here touches the page until it is called. */
export { EpochPhoneLoadError } from "./load-error.js";
export { loadPhone } from "./load.js";
export { PhoneStore } from "./store.js";

/** @typedef {import("./load-error.js").LoadErrorCode} LoadErrorCode */
/** @typedef {import("./load.js").LoadOptions} LoadOptions */
/** @typedef {import("./store.js").PhoneOptions} PhoneOptions */
/** @typedef {import("./store.js").PhoneSettings} PhoneSettings */
/** @typedef {import("./store.js").PhoneSnapshot} PhoneSnapshot */
