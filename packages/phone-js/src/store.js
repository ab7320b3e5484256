/**
 * PhoneStore: starts and stops the phone for a component of an application, and keeps a snapshot of its state to show.
 */
import { EpochPhoneLoadError } from "./load-error.js";
import { loadPhone, pageState } from "./load.js";

/** @import { EpochPhoneApi, EpochPhoneCall, EpochPhoneChanges, EpochPhoneConfig, EpochPhoneError, EpochPhoneEvents, EpochPhoneListener, EpochPhoneState } from "./phone-types.js" */
/** @import { LoadOptions } from "./load.js" */

/** @typedef {Omit<EpochPhoneConfig, "token">} PhoneSettings */
/**
 * @typedef {object} StartOptions
 * @property {string | null} [token] The embed token, `ept_…`; nothing is loaded until there is one.
 * @property {PhoneSettings} [settings] The settings of `EpochPhone.init()`.
 */
/** @typedef {LoadOptions & StartOptions} PhoneOptions */
/**
 * @typedef {object} PhoneSnapshot
 * @property {EpochPhoneApi | null} phone Null until phone.js is loaded, and on a server.
 * @property {EpochPhoneState} state `loading` until phone.js is loaded; `error` also if it cannot be loaded.
 * @property {boolean} isReady True if a call can be placed.
 * @property {EpochPhoneCall | null} call The present call; null without one.
 * @property {boolean} isMuted
 * @property {EpochPhoneError | null} error The last error; null again once the phone is ready or a call begins.
 */

/** @type {PhoneSnapshot} */
const EMPTY_SNAPSHOT = Object.freeze({
  phone: null,
  state: "loading",
  isReady: false,
  call: null,
  isMuted: false,
  error: null,
});
/** @satisfies {Record<keyof EpochPhoneEvents, true>} */
const EVENTS = {
  ready: true,
  error: true,
  callStarted: true,
  callAnswered: true,
  callEnded: true,
  callOutcome: true,
  stateChanged: true,
  muted: true,
  open: true,
  close: true,
};
/** The names of the phone's events; the compiler compares them with those of phone.js. */
export const EVENT_NAMES = /** @type {(keyof EpochPhoneEvents)[]} */ (Object.keys(EVENTS));
const SESSION_SETTINGS = ["token", "apiBase"];

/**
 * Runs the page's one phone for a component. Of several stores, the one that was started last owns the phone; the
 * others no longer change it.
 */
export class PhoneStore {
  /** @type {PhoneOptions} */
  #options;
  #snapshot = EMPTY_SNAPSHOT;
  /** @type {object | null} Identifies this start in the page's state; null while the store is stopped. */
  #owner = null;
  /** @type {Set<() => void>} */
  #watchers = new Set();
  /** @type {Map<keyof EpochPhoneEvents, Set<EpochPhoneListener<any>>>} */
  #listeners = new Map();
  /** @type {(() => void)[]} */
  #subscriptions = [];

  /** @param {PhoneOptions} options */
  constructor(options) {
    this.#options = options;
  }

  /** @returns {PhoneSnapshot} The same object until the state changes. */
  getSnapshot = () => this.#snapshot;

  /** @returns {PhoneSnapshot} The snapshot for rendering on a server. */
  getServerSnapshot = () => EMPTY_SNAPSHOT;

  /**
   * Call `watcher` after each change of the snapshot.
   * @param {() => void} watcher
   * @returns {() => void} Unsubscribes.
   */
  subscribe = (watcher) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /**
   * Call `listener` with the payload of each `event`, also after the phone was stopped and started again.
   * @template {keyof EpochPhoneEvents} Name
   * @param {Name} event
   * @param {EpochPhoneListener<Name>} listener
   * @returns {() => void} Unsubscribes.
   */
  on(event, listener) {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /**
   * Load phone.js and start the phone. Without a token nothing happens.
   * @returns {Promise<EpochPhoneApi | null>} Null if there is no token, or if the store was stopped before phone.js was
   *   loaded. Rejects with `EpochPhoneLoadError`, or with the Error of `EpochPhone.init()`; the snapshot and `error`
   *   listeners have it too.
   */
  async start() {
    if (!this.#options.token) return null;
    const owner = {};
    const isOwner = () => this.#owner === owner && pageState().owner === owner;
    this.#owner = owner;
    try {
      // On a server there is no page state; loadPhone() rejects.
      if (typeof window !== "undefined") pageState().owner = owner;
      const phone = await loadPhone(this.#options);
      if (!isOwner()) return null;
      this.#attach(phone);
      return phone;
    } catch (error) {
      if (typeof window !== "undefined" && isOwner()) this.#fail(error);
      throw error;
    }
  }

  /** Hang up and remove the phone, unless another store has started it since. */
  stop = () => {
    const { phone } = this.#snapshot;
    if (phone && pageState().owner === this.#owner) phone.destroy();
    this.#owner = null;
    this.#unsubscribe();
    this.#setSnapshot(EMPTY_SNAPSHOT);
  };

  /**
   * Use these options from now on. Changed settings take effect at once, also in a call; a changed `src`, token or
   * `apiBase` needs `stop()` and `start()`.
   * @param {PhoneOptions} options
   */
  update(options) {
    this.#options = options;
    const { phone } = this.#snapshot;
    if (!phone) return;
    phone.update(settingsToApply(options.settings ?? {}));
  }

  /** @param {EpochPhoneApi} phone */
  #attach(phone) {
    const { settings = {} } = this.#options;
    const token = this.#options.token ?? undefined;
    this.#unsubscribe();
    this.#setSnapshot({ ...EMPTY_SNAPSHOT, phone });
    for (const event of EVENT_NAMES) {
      const forward = (/** @type {unknown} */ payload) => {
        this.#updateSnapshot(event, payload);
        this.#notifyListeners(event, payload);
      };
      this.#subscriptions.push(phone.on(event, forward));
    }
    const { apiBase } = settings;
    const session = apiBase === undefined ? { token } : { token, apiBase };
    // init() also accepts null for the default.
    phone.init(/** @type {EpochPhoneConfig} */ ({ ...settingsToApply(settings), ...session }));
    this.#updateSnapshot("stateChanged", undefined);
  }

  #unsubscribe() {
    for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe();
  }

  /**
   * @param {keyof EpochPhoneEvents} event
   * @param {unknown} payload
   */
  #notifyListeners(event, payload) {
    for (const listener of this.#listeners.get(event) ?? []) {
      try {
        listener(payload);
      } catch (error) {
        console.error(error);
      }
    }
  }

  /**
   * @param {keyof EpochPhoneEvents} event
   * @param {unknown} payload
   */
  #updateSnapshot(event, payload) {
    const { phone, error } = this.#snapshot;
    if (!phone) return;
    const clearsError = event === "ready" || event === "callStarted";
    this.#setSnapshot({
      phone,
      state: phone.getState(),
      isReady: phone.isReady(),
      call: phone.getCall(),
      isMuted: phone.isMuted(),
      error: event === "error" ? /** @type {EpochPhoneError} */ (payload) : clearsError ? null : error,
    });
  }

  /** @param {unknown} error */
  #fail(error) {
    const { message } = /** @type {Error} */ (error);
    const code = error instanceof EpochPhoneLoadError ? error.code : "not_started";
    const startError = { message, code };
    this.#setSnapshot({ ...this.#snapshot, state: "error", isReady: false, error: startError });
    this.#notifyListeners("error", startError);
  }

  /** @param {PhoneSnapshot} snapshot */
  #setSnapshot(snapshot) {
    if (snapshot === this.#snapshot) return;
    this.#snapshot = snapshot;
    for (const watcher of [...this.#watchers]) watcher();
  }
}

/**
 * The settings to apply, without those of a session: null, the default, for each that was given the last time and is
 * not given now.
 * @param {PhoneSettings} settings
 * @returns {EpochPhoneChanges}
 */
function settingsToApply(settings) {
  const state = pageState();
  const names = Object.keys(settings).filter((name) => !SESSION_SETTINGS.includes(name));
  const removedNames = (state.given ?? []).filter((name) => !names.includes(name));
  state.given = names;
  const given = names.map((name) => [name, settings[/** @type {keyof PhoneSettings} */ (name)]]);
  return Object.fromEntries([...removedNames.map((name) => [name, null]), ...given]);
}
