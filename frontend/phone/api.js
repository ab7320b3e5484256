/**
 * Starts, updates and removes the phone of a page (its session, its element and the optional features) by the page's
 * settings, and makes its public API `window.EpochPhone`.
 */
import { storeGlobals } from "./browser/pristine-globals.js";
import { apiBase, isOff, isOn, originOf } from "./config.js";
import { Phone } from "./core.js";
import { enableClickToCall, enableDebug, listenForPopOut } from "./features.js";
import { SESSION_SETTINGS, validSettings } from "./settings.js";
import { PhoneHost } from "./ui/phone-host.js";

/** @import { Feature } from "./features.js" */
/** @import { Environment, Settings } from "./types.d.ts" */

const DTMF_DIGIT = /^[0-9*#]$/;
const TOKEN_REMINDER_MS = 3_000;
/** The hidden key of `window.EpochPhone` with the function that a second load of the script calls. */
export const REINIT = Symbol.for("epochphone.again");

export class EmbeddedPhone {
  phone;
  /** `window.EpochPhone`. */
  api;
  #tag;
  #env;
  /**
   * Always the same object, which others keep and read again after a change.
   * @type {Settings}
   */
  #settings = {};
  /**
   * `pending`: the start waits for the page's first paint. `running`: has a session and an element on the page.
   * @type {"idle" | "pending" | "running"}
   */
  #status = "idle";
  #isTokenReminderScheduled = false;
  /** @type {PhoneHost | null} */
  #host = null;
  /**
   * The features that run.
   * @type {Map<"clickToCall" | "popOut" | "debug", Feature>}
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
    storeGlobals(this.api);
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
    this.#set(validSettings(config));
    const { token, ticket } = this.#settings;
    this.#tearDown();
    if (token == null) {
      this.#remindOfToken();
      return;
    }
    this.#status = "running";
    const base = this.#base;
    // Starts the exchange, which runs while the button is built below.
    this.phone.start({ token: String(token).trim(), ticket, base });
    if (this.#isRunning()) {
      this.#ensureHost();
      this.#enableFeatures();
    }
  }

  /**
   * Start with `config`, or only change settings if the running session has the same token and API base. Throws Error
   * if that would end a call, unless `force` is true.
   * @param {Settings & {force?: boolean}} config
   */
  init({ force = false, ...config }) {
    const sessionKey = this.#sessionKeyOf({ ...this.#settings, ...config });
    if (this.#isRunning() && sessionKey === this.#sessionKeyOf(this.#settings) && this.phone.state !== "error") {
      for (const name of SESSION_SETTINGS) delete config[/** @type {keyof Settings} */ (name)];
      this.update(config);
    } else if (this.phone.isInCall && !force) {
      throw new Error("[EpochPhone] init() would end the call: hang up first, or pass force: true");
    } else this.start(config);
  }

  /**
   * Change settings at once. A call continues.
   * @param {EpochPhoneChanges} given
   */
  update(given) {
    const changes = validSettings(given, SESSION_SETTINGS);
    this.#set(changes);
    if (!this.#isRunning()) return;
    const names = Object.keys(changes);
    for (const name of /** @type {const} */ (["clickToCall", "debug", "popOut"])) {
      if (!names.includes(name)) continue;
      this.#features.get(name)?.stop();
      this.#features.delete(name);
    }
    this.#enableFeatures();
    this.#host?.update(names);
  }

  /**
   * Start when the page has painted, or as soon as the page uses the phone, so as not to delay the page's first paint.
   * @param {Settings} config
   */
  startAfterPaint(config) {
    this.#set(validSettings(config));
    this.#status = "pending";
    this.#env.afterFirstPaint(() => this.startPending());
  }

  /** Warn once, some seconds later, if the page has given no token by then: many pages call `init()` late. */
  #remindOfToken() {
    if (this.#isTokenReminderScheduled) return;
    this.#isTokenReminderScheduled = true;
    setTimeout(() => {
      if (this.#settings.token !== undefined) return;
      console.warn(
        "[EpochPhone] no token yet: add data-token to the script tag, or #token to its address; after an import, set window.EpochPhoneConfig or call EpochPhone.init({ token })",
      );
    }, TOKEN_REMINDER_MS);
  }

  /** Start now if the start is waiting for the first paint. */
  startPending() {
    if (this.#status === "pending") this.start({});
  }

  /**
   * Load a chunk and call a function of it, which implements a method of the API.
   * @param {"outcomes" | "voicemail-drop"} chunk
   * @param {"setOutcome" | "dropVoicemail"} name
   * @param {unknown[]} pageArguments The arguments that the page gave.
   */
  async callChunk(chunk, name, ...pageArguments) {
    /** @type {Record<string, any>} */
    const module = await this.#env.loadChunk(chunk);
    return module[name](this.phone, this.#env, this.#settings, ...pageArguments);
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

  show() {
    this.startPending();
    this.#host?.show();
  }

  hide() {
    this.startPending();
    this.#host?.hide();
  }

  /**
   * Show a number in the panel, to be called when a person presses Call.
   * @param {string} number As it is written in the page.
   * @param {EpochPhoneCallOptions} options
   */
  propose(number, options) {
    this.openPanel({ focus: false });
    this.#host?.propose(number, options);
  }

  get #base() {
    return apiBase(this.#settings, this.#tag);
  }

  /**
   * A text that is the same for settings with the same token and API base.
   * @param {Settings} settings
   */
  #sessionKeyOf(settings) {
    return `${String(settings.token).trim()} ${apiBase(settings, this.#tag)}`;
  }

  /** @param {Settings} changes */
  #set(changes) {
    Object.assign(this.#settings, changes);
  }

  // A method, because callers check it again after listeners ran that may have destroyed the phone.
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
      onLanguage: () => this.#features.get("clickToCall")?.translate?.(),
    });
    return this.#host;
  }

  /** Enable the features that are switched on and do not run yet. */
  #enableFeatures() {
    const env = this.#env;
    const base = this.#base;
    const { clickToCall, debug, popOut } = this.#settings;
    if (base && isOn(clickToCall)) this.#enable("clickToCall", () => enableClickToCall(env, this, this.#settings));
    if (isOn(debug)) this.#enableDebug();
    else if (debug == null) env.afterPaint(() => this.#enableRememberedDebug());
    if (base && !isOff(popOut)) {
      this.#enable("popOut", () => listenForPopOut(env, this.phone, this.#settings, originOf(base)));
    }
  }

  /**
   * @param {"clickToCall" | "popOut" | "debug"} name
   * @param {() => Feature} enable
   */
  #enable(name, enable) {
    if (!this.#features.has(name)) this.#features.set(name, enable());
  }

  #enableDebug() {
    this.#enable("debug", () => enableDebug(this.#env, this.phone, this.#settings));
  }

  /**
   * Enable debug mode if it is on in the preferences. Called after the first paint, because opening the storage blocks.
   */
  #enableRememberedDebug() {
    const { debug } = this.#settings;
    if (this.#isRunning() && debug == null && isOn(this.#env.preferences.debug)) this.#enableDebug();
  }

  #tearDown() {
    this.#status = "idle";
    this.#host?.remove();
    this.#host = null;
    for (const feature of this.#features.values()) feature.stop();
    this.#features.clear();
  }

  /**
   * Handle a second load of the script, with `config`.
   * @param {Settings} config
   */
  #reinit(config) {
    this.startPending();
    if (config.token === undefined || (this.#host && config.token === this.#settings.token)) return;
    // The phone was never started or has been destroyed: start it for the page.
    if (!this.#host) this.start(config);
    else console.warn("[EpochPhone] already running with another token: this script is ignored");
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
      // The panel offers the numbers that the text may mean.
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
    init: (config) => embedded.init(config ?? {}),
    update: (settings) => embedded.update(settings),
    destroy: () => embedded.destroy(),
    show: () => embedded.show(),
    hide: () => embedded.hide(),
    open: () => embedded.openPanel(),
    close: () => embedded.closePanel(),
    mute: (on = true) => phone.mute(Boolean(on)),
    isMuted: () => phone.isMuted,
    setOutcome: (...pageArguments) => embedded.callChunk("outcomes", "setOutcome", ...pageArguments),
    dropVoicemail: (...pageArguments) => embedded.callChunk("voicemail-drop", "dropVoicemail", ...pageArguments),
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
