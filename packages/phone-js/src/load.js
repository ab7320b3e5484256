/** Loads phone.js into the page, once for all code that uses this package. */
import { EpochPhoneLoadError } from "./load-error.js";

/** @import { EpochPhoneApi } from "./phone-types.js" */

/**
 * @typedef {object} LoadOptions
 * @property {string} src URL of phone.js, for example `https://voice.example.com/widget/v1/phone.js`.
 * @property {string} [nonce] The nonce of the page's Content-Security-Policy.
 * @property {string} [integrity] For the URL of one version: the hash that the guide shows.
 * @property {number} [timeoutMs] Milliseconds to wait for phone.js; default 30,000.
 */
/**
 * State that all copies of this package in a page share. A page can have copies of several versions.
 * @typedef {object} PageState
 * @property {string} [src] Absolute URL of the phone.js that is loading or loaded.
 * @property {Promise<EpochPhoneApi>} [loading]
 * @property {object} [owner] Identifies the PhoneStore that started the phone last.
 * @property {string[]} [given] Names of the settings that were given last.
 */

const TIMEOUT_MS = 30_000;
const STATE = Symbol.for("@epoch-voice/phone-js");

/** @returns {Window & {EpochPhone?: EpochPhoneApi} & {[STATE]?: PageState}} */
const page = () => /** @type {any} */ (window);

/** @returns {PageState} */
export const pageState = () => (page()[STATE] ??= {});

/**
 * Load phone.js and return `window.EpochPhone`. If the page has it already, from an earlier call, another copy of this
 * package or a script tag, that phone is returned. After a failure the next call tries again.
 * @param {LoadOptions} options
 * @returns {Promise<EpochPhoneApi>} Rejects with `EpochPhoneLoadError`.
 */
export async function loadPhone({ src, nonce, integrity, timeoutMs = TIMEOUT_MS }) {
  if (typeof document === "undefined") {
    throw new EpochPhoneLoadError(
      "no_browser",
      "phone.js needs a browser: call loadPhone() in an effect, not while the page is rendered on a server",
    );
  }
  const url = absoluteUrl(src);
  const state = pageState();
  if (state.src !== undefined && state.src !== url) {
    throw new EpochPhoneLoadError(
      "other_address",
      `This page has phone.js from ${state.src} already: use the same src everywhere, not ${url}`,
    );
  }
  const { EpochPhone: loadedPhone } = page();
  if (loadedPhone) return loadedPhone;
  state.src = url;
  state.loading ??= addScript(url, { nonce, integrity, timeoutMs }).catch((error) => {
    delete state.loading;
    delete state.src;
    throw error;
  });
  return state.loading;
}

/** @param {string} src */
function absoluteUrl(src) {
  try {
    const url = new URL(src, document.baseURI);
    if (src && /^https?:$/.test(url.protocol)) return url.href;
  } catch {
    // Reported below.
  }
  throw new EpochPhoneLoadError(
    "no_address",
    `src must be the address of phone.js, for example https://voice.example.com/widget/v1/phone.js, not ${JSON.stringify(src)}`,
  );
}

/**
 * @param {string} src
 * @param {{nonce?: string, integrity?: string, timeoutMs: number}} options
 * @returns {Promise<EpochPhoneApi>}
 */
function addScript(src, { nonce, integrity, timeoutMs }) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    /**
     * @param {import("./load-error.js").LoadErrorCode} code
     * @param {string} message
     */
    const fail = (code, message) => {
      clearTimeout(timer);
      script.remove();
      reject(new EpochPhoneLoadError(code, message));
    };
    const timer = setTimeout(
      () => fail("load_timeout", `${src} did not arrive within ${timeoutMs / 1000} s: check the network and try again`),
      timeoutMs,
    );
    script.onload = () => {
      const { EpochPhone: phone } = page();
      if (!phone) return fail("no_phone", `${src} was loaded but is not phone.js: check the address`);
      clearTimeout(timer);
      resolve(phone);
    };
    script.onerror = () =>
      fail(
        "load_failed",
        `${src} could not be loaded: check the address, the network, integrity, and script-src of the page's Content-Security-Policy`,
      );
    if (nonce) script.nonce = nonce;
    if (integrity) {
      script.integrity = integrity;
      script.crossOrigin = "anonymous";
    }
    script.src = src;
    document.head.append(script);
  });
}
