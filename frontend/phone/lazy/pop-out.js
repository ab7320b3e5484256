/**
 * Calls in a window of their own, which outlives the page: opened here, or found again by the window's own word.
 *
 * The window (frontend/window) has the phone that really calls. Its `{epochphone: "window"}` is answered with the token, a
 * ticket and a port; through the port go orders (`dial`, `hangup`, `mute`, `digit`), and back come pictures of each call,
 * which this page's phone follows with events of its own.
 */
import { isOn, originOf } from "../config.js";
import { uuid } from "../browser/uuid.js";
import { Remote } from "../pop-out/pop-out-call.js";

const NAME = "epochphone";
const FEATURES = "popup,width=360,height=580";

export class PopOut {
  /** The page's settings, for the window's looks and language. */
  settings = {};
  #env;
  #of;
  #window = null;
  #port = null;
  /** The name of the connection, by which the window shows that it has it. */
  #link = null;
  #remote = null;
  /** Pictures of calls that this page's phone could not follow yet. */
  #inbox = [];
  #isWorking = false;
  /** The calls whose end this page has told. */
  #over = new Set();
  /** A policy of the page keeps its windows apart from it: calls are placed in the page. */
  #isHopeless = false;

  /** `of` has the `phone`, its `session()`, `hold()` for the site's one call, and the phone's own `Problem`. */
  constructor(env, of) {
    this.#env = env;
    this.#of = of;
    const inPage = of.phone.placeCall;
    of.phone.placeCall = (order, on) => this.#place(order, on) ?? inPage(order, on);
    of.phone.watch(() => this.#work());
    env.window.addEventListener("pagehide", () => this.#leave());
  }

  /** Whether the page can have such a window at all: without an origin it could not be told from others. */
  get canOpen() {
    return this.#env.window.origin !== "null" && !this.#isHopeless;
  }

  /** Open the window, or bring it to the front: to be called within a click. The Problem when the browser does not let us. */
  open() {
    const { window, document, base } = this.#env;
    const locale = this.settings.locale ?? document.documentElement.lang;
    const place = new URLSearchParams({ origin: window.location.origin, locale });
    // A window of that name that is there already stays as it is: only the part behind the # would change.
    const opened = window.open(`${base}/widget/window#${place}`, NAME, FEATURES);
    if (!opened) return new this.#of.Problem("window_blocked");
    this.#window = opened;
    opened.focus();
    return null;
  }

  /** Answer a window of our service that says that it is there; `link` is the connection it has, if any. */
  met(source, link) {
    const session = this.#of.session();
    if (!session || (link && link === this.#link)) return;
    // A window that this tab opened, and no frame of anybody's.
    if (source.opener !== this.#env.window || source.top !== source) return;
    this.#window = source;
    this.#port?.close();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#link = uuid(this.#env.window.crypto);
    port1.onmessage = ({ data }) => port1 === this.#port && this.#heard(data);
    const { theme, color, debug, locale = this.#env.document.documentElement.lang } = this.settings;
    const settings = { theme, color, locale, debug };
    const hello = { epochphone: "page", link: this.#link, ...session.credentials, settings };
    source.postMessage(hello, originOf(this.#env.base), [port2]);
    if (this.#remote?.isWaiting) this.say(this.#remote.order);
  }

  /** Tell the window something, where it listens. */
  say(message) {
    this.#port?.postMessage(message);
  }

  /** The phone of this page is gone for good. */
  stop() {
    this.say({ close: true });
    this.#leave();
  }

  /** How to carry out `order`: in the window, or null for in the page. */
  #place(order, on) {
    const { phone } = this.#of;
    // A picture of a call that goes on in the window already brings nothing to be dialled.
    if (order.params) {
      const isOpen = this.#window && !this.#window.closed;
      if (!this.canOpen || phone.elsewhere || !(isOpen || isOn(this.settings.popOut))) return null;
      phone.aside = isOpen ? this.#window.focus() : this.open();
      if (phone.aside) return null;
    }
    const { window, base } = this.#env;
    this.#remote = new Remote(order, on, {
      ...this.#of,
      // On a page of our own origin the window itself holds the one lock of both.
      ...(window.location.origin === originOf(base) ? { hold: async () => true } : {}),
      env: this.#env,
      say: (message) => this.say(message),
      isGone: () => this.#window.closed,
      over: (callId) => {
        this.#over.add(callId);
        this.say({ heard: callId });
      },
      apart: () => {
        this.#isHopeless = !this.#port;
      },
    });
    return this.#remote;
  }

  #heard({ call, renew, busy }) {
    if (renew) this.#renew();
    if (busy) this.#remote?.refuse();
    if (call === undefined) return;
    this.#inbox.push(call);
    this.#work();
  }

  async #renew() {
    const session = this.#of.session();
    await session?.refresh().catch(() => {});
    if (session?.alive) this.say({ ticket: session.credentials.ticket });
  }

  /** Let this page's phone follow what the window told, as far as it can now. */
  #work() {
    if (this.#isWorking) return;
    this.#isWorking = true;
    while (this.#inbox.length > 0 && this.#follow(this.#inbox[0])) this.#inbox.shift();
    this.#isWorking = false;
  }

  /** Whether `call`, or that there is none, needs no more attention. */
  #follow(call) {
    const { phone } = this.#of;
    const isOurs = phone.isApart && this.#remote;
    if (!call) {
      if (isOurs) this.#remote.vanish();
      return true;
    }
    const { callId } = call.details;
    if (this.#over.has(callId)) {
      this.say({ heard: callId });
      return true;
    }
    if (!(isOurs && phone.call.callId === callId)) {
      if (phone.isInCall || !phone.canDial) return false;
      phone.place({ details: call.details });
    }
    this.#remote.follow(call);
    return true;
  }

  /** The page is left: what goes on in the window is for the next page. */
  #leave() {
    this.#port?.close();
    this.#port = this.#link = null;
    this.#inbox = [];
  }
}
