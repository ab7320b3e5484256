/** Defines a custom element that runs the phone while it is in the document. */
import { EVENT_NAMES, PhoneStore } from "./store.js";

/** @import { EpochPhoneApi, EpochPhoneConfig } from "./phone-types.js" */
/** @import { PhoneOptions, PhoneSettings } from "./store.js" */

/**
 * Setting to attribute; the compiler checks that all settings of phone.js are there. `texts` has no attribute, because
 * it is an object.
 * @type {Record<Exclude<keyof EpochPhoneConfig, "token" | "texts">, string>}
 */
const ATTRIBUTES = {
  apiBase: "api-base",
  position: "position",
  offsetX: "offset-x",
  offsetY: "offset-y",
  theme: "theme",
  color: "color",
  locale: "locale",
  clickToCall: "click-to-call",
  hidden: "hidden",
  container: "container",
  confirm: "confirm",
  dialpad: "dialpad",
  telOnPhones: "tel-on-phones",
  popOut: "pop-out",
  debug: "debug",
};
const SESSION_ATTRIBUTES = ["src", "token", "api-base"];

/**
 * Define the element; further calls and calls on a server do nothing. The element has the attributes `src`, `token`,
 * `nonce`, `integrity` and one for each setting, and the property `phone`. It emits the phone's events as CustomEvents
 * of the same name.
 * @param {string} [name]
 * @returns {void}
 */
export function defineEpochPhone(name = "epoch-voice-phone") {
  if (typeof customElements === "undefined" || customElements.get(name)) return;
  customElements.define(name, createElementClass());
}

function createElementClass() {
  return class EpochVoicePhone extends HTMLElement {
    static observedAttributes = [...SESSION_ATTRIBUTES, ...Object.values(ATTRIBUTES)];
    /** @type {PhoneStore | null} */
    #store = null;
    #isRestartQueued = false;

    /**
     * `window.EpochPhone`; null until phone.js is loaded.
     * @returns {EpochPhoneApi | null}
     */
    get phone() {
      return this.#store?.getSnapshot().phone ?? null;
    }

    connectedCallback() {
      this.#start();
    }

    disconnectedCallback() {
      this.#store?.stop();
      this.#store = null;
    }

    /**
     * @param {string} attribute
     * @param {string | null} oldValue
     * @param {string | null} newValue
     */
    attributeChangedCallback(attribute, oldValue, newValue) {
      const store = this.#store;
      if (!store || oldValue === newValue) return;
      if (!SESSION_ATTRIBUTES.includes(attribute)) return store.update(this.#options());
      // Several attributes that change together cause one restart.
      if (this.#isRestartQueued) return;
      this.#isRestartQueued = true;
      queueMicrotask(() => {
        this.#isRestartQueued = false;
        if (!this.#store) return;
        this.#store.stop();
        this.#start();
      });
    }

    #start() {
      const store = new PhoneStore(this.#options());
      for (const event of EVENT_NAMES) {
        store.on(event, (detail) => void this.dispatchEvent(new CustomEvent(event, { detail })));
      }
      this.#store = store;
      // If it fails, the element emits `error`.
      store.start().catch(() => {});
    }

    /** @returns {PhoneOptions} */
    #options() {
      const given = Object.entries(ATTRIBUTES).filter(([, attribute]) => this.hasAttribute(attribute));
      // An attribute without a value switches on.
      const settings = given.map(([name, attribute]) => [name, this.getAttribute(attribute) || "on"]);
      return {
        src: this.getAttribute("src") ?? "",
        token: this.getAttribute("token"),
        nonce: this.nonce || undefined,
        integrity: this.getAttribute("integrity") ?? undefined,
        settings: /** @type {PhoneSettings} */ (Object.fromEntries(settings)),
      };
    }
  };
}
