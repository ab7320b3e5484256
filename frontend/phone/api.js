/** Runs a phone on a page, with its settings, element and optional features, and provides `window.EpochPhone`. */
import { keepGlobals } from "./browser/pristine-globals.js";
import { apiBase, isOff, isOn, originOf } from "./config.js";
import { Phone } from "./core.js";
import { enableClickToCall, enableDebug, listenForPopOut } from "./features.js";
import { PhoneHost } from "./ui/phone-host.js";

/** @import { Environment, Settings } from "./types.d.ts" */

const DTMF_DIGIT = /^[0-9*#]$/;
const TOKEN_REMINDER_MS = 3_000;
/** The hidden key of `window.EpochPhone` under which a second load of the script finds the first one. */
export const REINIT = Symbol.for("epochphone.again");

export class EmbeddedPhone {
  phone;
  /** `window.EpochPhone`. */
  api;
  #tag;
  #env;
  /** @type {Settings} */
  #settings = {};
  /**
   * `pending`: waits for the first paint of the page. `running`: has a session and an element on the page.
   * @type {"idle" | "pending" | "running"}
   */
  #status = "idle";
  #isTokenMissed = false;
  /** @type {PhoneHost | null} */
  #host = null;
  /**
   * Stops each feature that is on.
   * @type {Map<"clickToCall" | "popOut" | "debug", () => void>}
   */
  #features = new Map();

  /**
   * @param {HTMLScriptElement | null} tag The phone's script tag.
   * @param {Environment} env
   */
  constructor(tag, env) {
    this.#tag = tag;
    this.#env = env;
    this.phone = new Phone(env);
    this.phone.onChange(() => this.#host?.render());
    this.api = createApi(this);
    keepGlobals(this.api);
    // A page that loads the script twice keeps the first phone.
    Object.defineProperty(this.api, REINIT, { value: (/** @type {Settings} */ config) => this.#reinit(config) });
  }

  get isPanelOpen() {
    return Boolean(this.#host?.isOpen);
  }

  /**
   * Start with `config` added to the present settings; a running phone is restarted.
   * @param {Settings} config
   */
  start(config) {
    this.#settings = { ...this.#settings, ...config };
    const { token, ticket } = this.#settings;
    this.#tearDown();
    if (token === undefined) {
      this.#askForToken();
      return;
    }
    this.#status = "running";
    const base = apiBase(this.#settings, this.#tag);
    // The button is built while the exchange runs.
    this.phone.start({ token: String(token).trim(), ticket, base });
    if (this.#isRunning()) {
      this.#ensureHost();
      this.#enableFeatures(base);
    }
  }

  /**
   * Start when the page has painted, or as soon as the page uses the phone, so as not to delay the page's first paint.
   * @param {Settings} config
   */
  startAfterPaint(config) {
    this.#settings = config;
    this.#status = "pending";
    this.#env.afterFirstPaint(() => this.startPending());
  }

  /** Say once what to do if the page has not given a token after a while: many pages call `init()` later. */
  #askForToken() {
    if (this.#isTokenMissed) return;
    this.#isTokenMissed = true;
    setTimeout(() => {
      if (this.#settings.token !== undefined) return;
      console.warn(
        "[EpochPhone] no token yet: add data-token to the script tag, or the token behind # to its address, or call EpochPhone.init({ token })",
      );
    }, TOKEN_REMINDER_MS);
  }

  /** Start now if the start is waiting for the first paint. */
  startPending() {
    if (this.#status === "pending") this.start({});
  }

  /** Remove everything from the page and end the session. */
  destroy() {
    this.#tearDown();
    this.phone.stop();
  }

  /** @param {{focus?: boolean}} [options] */
  openPanel(options) {
    this.startPending();
    if (this.#isRunning()) this.#ensureHost().open(options);
  }

  closePanel() {
    this.#host?.close();
  }

  // Checked again after the listeners, which may have destroyed the phone.
  #isRunning() {
    return this.#status === "running";
  }

  #ensureHost() {
    this.#host ??= new PhoneHost(this.phone, this.#settings, this.#env, {
      onOpen: () => {
        this.phone.warmUp();
        this.phone.events.emit(["open"]);
      },
      onClose: () => this.phone.events.emit(["close"]),
    });
    return this.#host;
  }

  /** @param {string | null} base */
  #enableFeatures(base) {
    const { phone } = this;
    const env = this.#env;
    const { clickToCall, debug, popOut } = this.#settings;
    if (base && isOn(clickToCall)) {
      this.#features.set("clickToCall", enableClickToCall(env, phone, this.api, this.#settings));
    }
    if (isOn(debug)) this.#enableDebug();
    else if (debug === undefined) env.afterPaint(() => this.#enableRememberedDebug());
    if (base && !isOff(popOut)) {
      this.#features.set("popOut", listenForPopOut(env, phone, this.#settings, originOf(base)));
    }
  }

  #enableDebug() {
    this.#features.set("debug", enableDebug(this.#env, this.phone, this.#settings));
  }

  /** Enable debug mode if it is switched on in this browser. Called after the first paint, because storage blocks. */
  #enableRememberedDebug() {
    if (this.#isRunning() && !this.#features.has("debug") && isOn(this.#env.preferences.debug)) this.#enableDebug();
  }

  #tearDown() {
    this.#status = "idle";
    this.#host?.remove();
    this.#host = null;
    for (const stop of this.#features.values()) stop();
    this.#features.clear();
  }

  /**
   * Handle a second load of the script, with `config`.
   * @param {Settings} config
   */
  #reinit(config) {
    this.startPending();
    if (config.token === undefined || (this.#host && config.token === this.#settings.token)) return;
    // The phone was never started, or was destroyed; the page asks for it again.
    if (!this.#host) this.start(config);
    else console.warn("[EpochPhone] already running with another token; this second script is ignored");
  }
}

/**
 * The methods of `window.EpochPhone`.
 * @param {EmbeddedPhone} embedded
 * @returns {EpochPhoneApi}
 */
function createApi(embedded) {
  const { phone } = embedded;
  /** @type {EpochPhoneApi} */
  const api = {
    call(number, options) {
      const hasBegun = phone.dial(number, options);
      // The panel offers the numbers that may be meant.
      const isAmbiguous = phone.dialError?.code === "ambiguous_number";
      if (hasBegun || isAmbiguous) embedded.openPanel({ focus: isAmbiguous });
      return hasBegun;
    },
    hangup: () => phone.hangup(),
    isReady: () => phone.isReady,
    getState: () => phone.state,
    reset: () => phone.reset(),
    sendDtmf(digit) {
      if (DTMF_DIGIT.test(String(digit))) phone.sendDigit(String(digit));
    },
    toggle() {
      if (embedded.isPanelOpen) embedded.closePanel();
      else embedded.openPanel();
    },
    on: (event, callback) => phone.events.on(event, callback),
    off: (event, callback) => phone.events.off(event, callback),
    init: (config) => embedded.start(config ?? {}),
    destroy: () => embedded.destroy(),
    open: () => embedded.openPanel(),
    close: () => embedded.closePanel(),
    mute: (on = true) => phone.mute(Boolean(on)),
    isMuted: () => phone.isMuted,
    test({ progress } = {}) {
      embedded.startPending();
      return phone.calls.runDiagnostics(progress);
    },
    getCall() {
      if (!phone.isInCall || !phone.call) return null;
      const { ended: _, answeredAt, ...details } = phone.call;
      const answered = answeredAt ? new Date(answeredAt).toISOString() : null;
      return { ...details, answeredAt: answered, muted: phone.isMuted };
    },
  };
  return api;
}
