/** Connects the pop-out to the page that opened it, and to each page that later replaces that page in its window. */

/** @import { Phone } from "../../phone/core.js" */
/** @import { Problem } from "../../phone/errors.js" */
/** @import { CallEnd, CallRequest, Settings } from "../../phone/types.d.ts" */
/**
 * @import {
 *   Announcement, CallSnapshot, Command, Report, SnapshotEnd, SnapshotProblem, Welcome
 * } from "../../phone/pop-out/messages.d.ts"
 */

const SEARCH_INTERVAL_MS = 300;
const ANNOUNCE_INTERVAL_MS = 2_000;
const MIN_RENEW_INTERVAL_MS = 30_000;
const MAX_UNHANDLED_ENDS = 20;

/** The fields of the snapshot of a call that could not begin. */
const IDLE_FLAGS = { muted: false, lost: null, reconnecting: false, warnings: [], postDial: null };

export class OpenerConnection {
  #phone;
  #start;
  #opener;
  #origin;
  #now;
  #onClose;
  /** @type {MessagePort | null} */
  #port = null;
  /** @type {string | null} */
  #connectionId = null;
  /** @type {string | null} */
  #token = null;
  /** @type {Settings} */
  #settings = {};
  /**
   * Waits for the pop-out's phone to be ready.
   * @type {CallRequest | null}
   */
  #waitingRequest = null;
  /**
   * The last snapshots of ended calls whose end no page has handled yet; only calls with the present token.
   * @type {CallSnapshot[]}
   */
  #unhandledEnds = [];
  #lastReported = "null";
  /** @type {object | null} */
  #lastEndedCall = null;
  #renewedAt = Number.NEGATIVE_INFINITY;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {Phone} phone The pop-out's.
   * @param {object} options
   * @param {Window} options.opener The window that opened this one.
   * @param {string} options.origin The only origin whose messages are trusted.
   * @param {(config: Settings) => void} options.start Starts the phone with a token.
   * @param {() => number} options.now
   * @param {() => void} options.onClose Called when the page asks to close the pop-out.
   */
  constructor(phone, { opener, origin, start, now, onClose }) {
    this.#phone = phone;
    this.#opener = opener;
    this.#origin = origin;
    this.#start = start;
    this.#now = now;
    this.#onClose = onClose;
    phone.onChange(() => this.#update());
  }

  /** True once a page has sent its token. */
  get hasToken() {
    return this.#token !== null;
  }

  /** Announce this window to its opener, repeatedly: a page that was just loaded into the opener's window answers. */
  announce() {
    /** @type {Announcement} */
    const announcement = { epochphone: "window", link: this.#connectionId };
    this.#opener.postMessage(announcement, this.#origin);
    const isUrgent = !this.#port && (this.#phone.isInCall || !this.hasToken || this.#unhandledEnds.length > 0);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.announce(), isUrgent ? SEARCH_INTERVAL_MS : ANNOUNCE_INTERVAL_MS);
  }

  /**
   * Take the token and the port from the page's answer; ignore all other messages to this window.
   * @param {MessageEvent<Welcome | null>} message
   */
  onMessage({ source, origin, data, ports }) {
    if (source !== this.#opener || origin !== this.#origin) return;
    if (data?.epochphone !== "page" || typeof data.token !== "string" || !ports[0]) return;
    const [port] = ports;
    if (this.hasToken && data.token !== this.#token && this.#phone.isInCall) {
      port.postMessage({ busy: true });
      return;
    }
    this.#port?.close();
    this.#port = port;
    this.#connectionId = data.link;
    port.onmessage = (message) => port === this.#port && this.#onCommand(message.data);
    port.addEventListener("close", () => this.#onPortClosed(port));
    this.#settings = data.settings;
    // A page with another token, perhaps of another organization, must not get this token's calls.
    if (data.token !== this.#token) this.#unhandledEnds = [];
    if (data.token !== this.#token || this.#phone.state === "error") this.#startPhone(data.token, data.ticket);
    for (const snapshot of this.#unhandledEnds) this.#report({ call: snapshot });
    this.#lastReported = "";
    this.#update();
  }

  /**
   * @param {string} token
   * @param {string | undefined} ticket
   */
  #startPhone(token, ticket) {
    this.#token = token;
    this.#start({ ...this.#settings, token, ticket });
  }

  /** @param {MessagePort} port */
  #onPortClosed(port) {
    if (port !== this.#port) return;
    this.#port = this.#connectionId = null;
    this.announce();
  }

  /** @param {Report} report */
  #report(report) {
    this.#port?.postMessage(report);
  }

  /** @param {Command} command */
  #onCommand({ dial, hangup, mute, digit, continuePostDial, heard, ticket, close }) {
    const phone = this.#phone;
    if (dial) {
      this.#waitingRequest = dial;
      this.#update();
    }
    if (hangup) {
      if (this.#waitingRequest?.details.callId === hangup) this.#waitingRequest = null;
      if (phone.call?.callId === hangup) phone.hangup();
    }
    if (mute !== undefined) phone.mute(mute);
    if (digit) phone.sendDigit(digit);
    if (continuePostDial) phone.continuePostDial();
    if (heard) this.#unhandledEnds = this.#unhandledEnds.filter(({ details }) => details.callId !== heard);
    if (ticket && phone.state === "error" && this.#token) this.#startPhone(this.#token, ticket);
    if (close) {
      phone.hangup();
      this.#onClose();
    }
  }

  #update() {
    this.#askForTicket();
    this.#placeWaitingRequest();
    this.#reportCall();
  }

  /** Place the waiting request as soon as the phone has loaded; report a failed call if it cannot call. */
  #placeWaitingRequest() {
    const phone = this.#phone;
    const request = this.#waitingRequest;
    if (!request || phone.state === "loading") return;
    this.#waitingRequest = null;
    if (phone.canDial) {
      phone.place(request);
      return;
    }
    const problem = phone.isInCall ? null : phone.problem;
    const status = problem?.isRefusal ? "refused" : "failed";
    const end = { status, duration: 0, message: problem?.message ?? null, theirs: false };
    const reported = problem ? snapshotOfProblem(problem) : { code: "call_elsewhere" };
    this.#report({
      // The page makes its own Problem from the code; without a message it takes the code's sentence.
      call: /** @type {CallSnapshot} */ ({
        ...{ details: request.details, state: "failed", answeredAt: null, ended: { ...end, problem: reported } },
        ...IDLE_FLAGS,
      }),
    });
  }

  #reportCall() {
    const { call } = this.#phone;
    let snapshot = this.#snapshot();
    if (snapshot?.ended && this.#lastEndedCall !== call) {
      this.#lastEndedCall = call;
      this.#unhandledEnds = [...this.#unhandledEnds, snapshot].slice(-MAX_UNHANDLED_ENDS);
    }
    // An ended call is reported until a page has handled its end; after that there is no call.
    const { callId } = snapshot?.details ?? {};
    if (snapshot?.ended && !this.#unhandledEnds.some(({ details }) => details.callId === callId)) snapshot = null;
    const reported = JSON.stringify(snapshot);
    if (reported === this.#lastReported) return;
    this.#lastReported = reported;
    this.#report({ call: snapshot });
  }

  /** @returns {CallSnapshot | null} */
  #snapshot() {
    const { call, state, isMuted, lostDevice, isReconnecting, warnings, postDial } = this.#phone;
    if (!call) return null;
    const { answeredAt, ended, ...details } = call;
    return {
      ...{ details, state, answeredAt, ended: ended && snapshotOfEnd(ended) },
      ...{ muted: isMuted, lost: lostDevice, reconnecting: isReconnecting, warnings: [...warnings] },
      postDial,
    };
  }

  /** Ask the page for a new ticket if the present one has expired, as after the computer's sleep. */
  #askForTicket() {
    const { state, problem } = this.#phone;
    if (state !== "error" || problem?.code !== "domain_not_allowed" || !this.#port) return;
    if (this.#now() - this.#renewedAt < MIN_RENEW_INTERVAL_MS) return;
    this.#renewedAt = this.#now();
    this.#report({ renew: true });
  }
}

/**
 * @param {Problem} problem
 * @returns {SnapshotProblem}
 */
const snapshotOfProblem = ({ code, message, specificFix: advice, help, details, isLasting }) => ({
  ...{ code, message, advice, help, details, isLasting },
});

/**
 * @param {CallEnd} end
 * @returns {SnapshotEnd}
 */
const snapshotOfEnd = ({ status, duration, message, endedByRemote: theirs, problem }) => ({
  ...{ status, duration, message, theirs },
  problem: problem && snapshotOfProblem(problem),
});
