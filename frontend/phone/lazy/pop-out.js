/**
 * The chunk that opens the pop-out and connects to it: a window with its own phone, whose calls continue when the page
 * is left.
 *
 * The pop-out (pages/pop-out) announces itself to its opener, also after another page of the site was loaded there. The
 * page answers with the token, a ticket and a port. It sends commands through the port and receives snapshots of each
 * call, from which its phone takes state and events. The messages are in ../pop-out/messages.d.ts.
 */
import { uuid } from "../browser/uuid.js";
import { isOn, originOf } from "../config.js";
import { callSentences } from "../call/call-sentences.js";
import { PopOutCall } from "../pop-out/pop-out-call.js";
import { sharedName } from "../session/shared-name.js";

/** @import { CallStackLoader } from "../call/call-stack-loader.js" */
/** @import { Phone } from "../core.js" */
/** @import { Problem } from "../errors.js" */
/** @import { CallSnapshot, Command, Report, Welcome } from "../pop-out/messages.d.ts" */
/** @import { TokenSession } from "../session/token-session.js" */
/** @import { CallListener, CallRequest, Environment, Settings } from "../types.d.ts" */

/**
 * @typedef {object} PopOutContext
 * @property {Phone} phone
 * @property {() => TokenSession | null} getSession
 * @property {CallStackLoader} callStackLoader
 * @property {typeof Problem} Problem The phone's own class.
 */

const WINDOW_FEATURES = "popup,width=360,height=580";

export class PopOut {
  /**
   * The page's settings, for the theme, colour and texts of the pop-out.
   * @type {Settings}
   */
  settings = {};
  #env;
  #context;
  /** @type {Window | null} */
  #window = null;
  /** @type {MessagePort | null} */
  #port = null;
  /**
   * The id of the connection, which the pop-out repeats when it announces itself.
   * @type {string | null}
   */
  #connectionId = null;
  /** @type {PopOutCall | null} */
  #call = null;
  /**
   * Snapshots that this page's phone has not taken over yet.
   * @type {(CallSnapshot | null)[]}
   */
  #inbox = [];
  #isReadingInbox = false;
  /**
   * The ids of the calls whose end this page has handled.
   * @type {Set<string>}
   */
  #endedCallIds = new Set();
  /** True if a policy of the page (Cross-Origin-Opener-Policy) separates it from windows that it opens. */
  #isSeparated = false;

  /**
   * @param {Environment} env
   * @param {PopOutContext} context
   */
  constructor(env, context) {
    this.#env = env;
    this.#context = context;
    context.phone.onChange(() => this.#readInbox());
    env.window.addEventListener("pagehide", () => this.#disconnect());
  }

  /** True if the page can have a pop-out; not without an origin, by which the pop-out recognizes the page. */
  get canOpen() {
    return this.#env.window.origin !== "null" && !this.#isSeparated;
  }

  /** True if the next call is to be in the pop-out, provided that the browser opens the window. */
  get takesCalls() {
    return this.canOpen && !this.#context.phone.remoteCall && (this.#isOpen || isOn(this.settings.popOut));
  }

  get #isOpen() {
    return Boolean(this.#window && !this.#window.closed);
  }

  /**
   * Open the pop-out, or bring it to the front; to be called within a click.
   * @returns {Problem | null} The reason if the browser did not allow it.
   */
  open() {
    const { window, document, base } = this.#env;
    const locale = this.settings.locale ?? document.documentElement.lang;
    const fragment = new URLSearchParams({ origin: window.location.origin, locale });
    const { exchangeResponse } = this.#context.phone;
    const name = exchangeResponse ? sharedName(exchangeResponse) : "epochphone";
    // If the pop-out is open already, only the fragment of its URL changes, so it is not reloaded.
    const opened = window.open(`${base}/widget/window#${fragment}`, name, WINDOW_FEATURES);
    if (!opened) return new this.#context.Problem("window_blocked", { message: callSentences.window_blocked });
    this.#window = opened;
    opened.focus();
    return null;
  }

  /**
   * Connect to a pop-out that has announced itself, unless it is connected.
   * @param {Window} source
   * @param {string | null} connectionId The id of the connection that it has.
   */
  onAnnounced(source, connectionId) {
    const session = this.#context.getSession();
    if (!session || (connectionId && connectionId === this.#connectionId)) return;
    // Only a window that this tab opened, not a frame.
    if (source.opener !== this.#env.window || source.top !== source) return;
    this.#window = source;
    this.#port?.close();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#connectionId = uuid(this.#env.window.crypto);
    port1.onmessage = ({ data }) => port1 === this.#port && this.#onReport(data);
    const { theme, color, debug, texts } = this.settings;
    const locale = this.settings.locale || this.#env.document.documentElement.lang || undefined;
    /** @type {Welcome} */
    const welcome = {
      epochphone: "page",
      link: this.#connectionId,
      ...session.credentials,
      // As JSON, because a function among the texts could not be posted.
      settings: { theme, color, locale, debug, texts: texts && JSON.parse(JSON.stringify(texts)) },
    };
    source.postMessage(welcome, originOf(this.#env.base) ?? "", [port2]);
    if (this.#call?.isWaiting) this.#send(this.#call.dialCommand);
  }

  /** Close the pop-out: the phone of this page is destroyed. */
  stop() {
    this.#send({ close: true });
    this.#disconnect();
  }

  /**
   * The call of `request` in the pop-out; null if it must be placed in the page.
   * @param {CallRequest} request
   * @param {CallListener} listener
   */
  createCall(request, listener) {
    const { phone, callStackLoader } = this.#context;
    // A request without params is for a call that is in the pop-out already.
    if (request.params) {
      if (!this.takesCalls) return null;
      if (this.#isOpen) this.#window?.focus();
      else phone.notice = this.open();
      if (phone.notice) return null;
    }
    const { window, base } = this.#env;
    // A page of our own origin and the pop-out share one lock, which the pop-out holds.
    const isSameOrigin = window.location.origin === originOf(base);
    this.#call = new PopOutCall(request, listener, {
      ...this.#context,
      env: this.#env,
      acquireCallLock: async () => isSameOrigin || (await callStackLoader.load()).acquireLock(),
      send: (command) => this.#send(command),
      isClosed: () => Boolean(this.#window?.closed),
      onEnded: (callId) => {
        this.#endedCallIds.add(callId);
        this.#send({ heard: callId });
      },
      onClosedAtOnce: () => {
        this.#isSeparated = !this.#port;
      },
    });
    return this.#call;
  }

  /** @param {Command} command */
  #send(command) {
    this.#port?.postMessage(command);
  }

  /** @param {Report} report */
  #onReport({ call, renew, busy }) {
    if (renew) this.#renewTicket();
    if (busy) this.#call?.refuse();
    if (call === undefined) return;
    this.#inbox.push(call);
    this.#readInbox();
  }

  async #renewTicket() {
    const session = this.#context.getSession();
    await session?.refresh().catch(() => {});
    if (session?.isValid) this.#send({ ticket: session.credentials.ticket });
  }

  /** Apply the snapshots to this page's phone, as far as that is possible now. */
  #readInbox() {
    if (this.#isReadingInbox) return;
    this.#isReadingInbox = true;
    while (this.#inbox.length > 0 && this.#applySnapshot(this.#inbox[0])) this.#inbox.shift();
    this.#isReadingInbox = false;
  }

  /**
   * Apply `snapshot` to this page's phone.
   * @param {CallSnapshot | null} snapshot
   * @returns {boolean} False if that is not possible yet.
   */
  #applySnapshot(snapshot) {
    const { phone } = this.#context;
    const ownCall = phone.isInPopOut ? this.#call : null;
    if (!snapshot) {
      ownCall?.endIfReported();
      return true;
    }
    const { callId } = snapshot.details;
    if (this.#endedCallIds.has(callId)) {
      this.#send({ heard: callId });
      return true;
    }
    if (!ownCall || phone.call?.callId !== callId) {
      if (phone.isInCall || !phone.canDial) return false;
      phone.place({ details: snapshot.details });
    }
    this.#call?.applySnapshot(snapshot);
    return true;
  }

  /** Close the connection: the page is left, and the next page connects to the pop-out. */
  #disconnect() {
    this.#port?.close();
    this.#port = this.#connectionId = null;
    this.#inbox = [];
  }
}
