/** The error with which loadPhone() rejects, and its codes. */

/** @typedef {"no_browser" | "no_address" | "other_address" | "load_failed" | "load_timeout" | "no_phone"} LoadErrorCode */

/** phone.js could not be loaded; `message` says what to do. */
export class EpochPhoneLoadError extends Error {
  /**
   * @param {LoadErrorCode} code
   * @param {string} message
   */
  constructor(code, message) {
    super(message);
    this.name = "EpochPhoneLoadError";
    this.code = code;
  }
}
