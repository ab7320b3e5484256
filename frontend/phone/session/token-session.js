/** Exchanges the embed token for an access token, refreshes and verifies it, and ends when the server refuses it. */
import { asProblem, Problem } from "../errors.js";
import { exchangeToken, post } from "./api-client.js";

/** @import { Credentials, Environment, ExchangeResponse, SessionConfig } from "../types.d.ts" */

/**
 * @typedef {object} SessionListener
 * @property {(exchangeResponse: ExchangeResponse) => void} onToken After each exchange.
 * @property {(problem: Problem) => void} onError The session cannot begin, or has ended.
 * @property {() => void} onNetworkChange The browser went online or offline.
 */

// The token is refreshed after this fraction of its life, changed at random by up to half of the spread, so that pages
// that were opened together do not refresh together.
const REFRESH_FRACTION = 0.8;
const REFRESH_SPREAD = 0.05;
const QUICK_RETRY_DELAYS_MS = [400, 1_200];
const SLOW_RETRY_DELAY_MS = 5_000;
const MAX_RETRY_DELAY_MS = 60_000;
const CHECK_INTERVAL_MS = 60_000;
// The age is checked each minute, so that a token is verified at least every five minutes.
const MAX_AGE_WHILE_VISIBLE_MS = 240_000;
const MAX_AGE_BEFORE_CALL_MS = 60_000;
const MAX_AGE_ON_FOCUS_MS = 3_000;
const STATUS_TIMEOUT_MS = 4_000;
const MAX_TIMER_MS = 2_147_483_647;
const NETWORK_EVENTS = ["online", "offline"];
/** @type {["window" | "document", string][]} */
const WAKE_EVENTS = [
  ["window", "focus"],
  ["window", "online"],
  ["window", "pageshow"],
  ["document", "visibilitychange"],
];

export class TokenSession {
  /**
   * The last response of the exchange; null without one.
   * @type {ExchangeResponse | null}
   */
  exchangeResponse = null;
  #config;
  #env;
  #listener;
  #expiresAt = 0;
  #refreshAt = 0;
  #verifiedAt = 0;
  #failures = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #interval;
  /** @type {Promise<void> | null} */
  #exchange = null;
  /** @type {Promise<Problem | null> | null} */
  #verification = null;
  #isStopped = true;

  /**
   * @param {SessionConfig} config
   * @param {Environment} env
   * @param {SessionListener} listener
   */
  constructor(config, env, listener) {
    this.#config = config;
    this.#env = env;
    this.#listener = listener;
  }

  /** True if the access token has not expired. */
  get isValid() {
    return this.exchangeResponse !== null && this.#env.now() < this.#expiresAt;
  }

  /**
   * The fields that the server requires. The ticket of the last exchange keeps the phone's identity: the carrier
   * resumes a live call only for the same identity.
   * @returns {Credentials}
   */
  get credentials() {
    const { token, ticket } = this.#config;
    const latest = this.exchangeResponse?.ticket ?? ticket;
    return latest ? { token, ticket: latest } : { token };
  }

  start() {
    this.#isStopped = false;
    for (const [target, event] of WAKE_EVENTS) this.#env[target].addEventListener(event, this.#wake);
    for (const event of NETWORK_EVENTS) this.#env.window.addEventListener(event, this.#listener.onNetworkChange);
    // Timers stop while the machine sleeps, and are late when it wakes up; the clock is right then.
    this.#interval = setInterval(
      () => this.#failures === 0 && this.#catchUp(MAX_AGE_WHILE_VISIBLE_MS),
      CHECK_INTERVAL_MS,
    );
    this.refresh().catch(() => {});
  }

  stop() {
    this.#isStopped = true;
    for (const [target, event] of WAKE_EVENTS) this.#env[target].removeEventListener(event, this.#wake);
    for (const event of NETWORK_EVENTS) this.#env.window.removeEventListener(event, this.#listener.onNetworkChange);
    clearInterval(this.#interval);
    clearTimeout(this.#timer);
  }

  /** Exchange now; simultaneous callers share one request. Throws Problem. */
  refresh() {
    this.#exchange ??= this.#runExchange().finally(() => {
      this.#exchange = null;
    });
    return this.#exchange;
  }

  /**
   * Make sure that the token is valid for a call now. Throws Problem if the server refuses it or it cannot be renewed.
   */
  async ensureUsable() {
    if (this.#env.now() >= this.#refreshAt) {
      try {
        await this.refresh();
      } catch (error) {
        if (!asProblem(error).isTransient || !this.isValid) throw error;
      }
    } else if (this.#env.now() - this.#verifiedAt >= MAX_AGE_BEFORE_CALL_MS) {
      const problem = await this.verifyToken();
      if (problem) throw problem;
    }
  }

  /** Ask the server whether the embed token is still valid; the refusal, or null. */
  verifyToken() {
    this.#verification ??= this.postStatus({})
      .then(() => null)
      .catch((/** @type {Problem} */ problem) => {
        if (problem.isTransient || this.#isStopped) return null;
        this.invalidate(problem);
        return problem;
      })
      .finally(() => {
        this.#verification = null;
      });
    return this.#verification;
  }

  async #runExchange() {
    clearTimeout(this.#timer);
    const requestedAt = this.#env.now();
    try {
      const exchangeResponse = await exchangeToken(this.#env, this.#config.base, this.credentials);
      if (this.#isStopped) return;
      this.exchangeResponse = exchangeResponse;
      this.#failures = 0;
      this.#verifiedAt = this.#env.now();
      this.#expiresAt = requestedAt + exchangeResponse.expires_in * 1000;
      const fraction = REFRESH_FRACTION + (this.#env.random() - 0.5) * REFRESH_SPREAD;
      this.#refreshAt = requestedAt + exchangeResponse.expires_in * 1000 * fraction;
      this.#scheduleRefresh(this.#refreshAt - this.#env.now());
      this.#listener.onToken(exchangeResponse);
    } catch (error) {
      if (!this.#isStopped) this.#onExchangeFailed(asProblem(error));
      throw error;
    }
  }

  /** @param {Problem} problem */
  #onExchangeFailed(problem) {
    if (!problem.isTransient) {
      this.invalidate(problem);
      return;
    }
    const quickDelay = QUICK_RETRY_DELAYS_MS[this.#failures];
    const slowFailures = this.#failures - QUICK_RETRY_DELAYS_MS.length;
    const delay = quickDelay ?? Math.min(MAX_RETRY_DELAY_MS, SLOW_RETRY_DELAY_MS * 2 ** slowFailures);
    this.#failures += 1;
    // At random, so that not all pages ask a recovering server at once.
    this.#scheduleRefresh(delay * (0.75 + this.#env.random() / 2));
    const isLasting = quickDelay === undefined || problem.code === "too_many_requests" || problem.code === "offline";
    if (isLasting && !this.isValid) this.#listener.onError(problem);
  }

  /**
   * End the session, because the server refused the token.
   * @param {Problem} problem
   */
  invalidate(problem) {
    this.exchangeResponse = null;
    this.stop();
    this.#listener.onError(problem);
  }

  /** @param {number} delay */
  #scheduleRefresh(delay) {
    this.#timer = setTimeout(() => this.refresh().catch(() => {}), Math.min(Math.max(delay, 0), MAX_TIMER_MS));
  }

  /** @param {Event} event One of WAKE_EVENTS. */
  #wake = ({ type }) => this.#catchUp(MAX_AGE_ON_FOCUS_MS, type === "online");

  /**
   * Refresh the token if that is due or has failed; otherwise verify it if the last verification is older than `maxAge`
   * ms.
   * @param {number} maxAge
   */
  #catchUp(maxAge, isOnline = false) {
    if (this.#isStopped || this.#env.document.visibilityState === "hidden") return;
    if (this.#failures > 0 || this.#env.now() >= this.#refreshAt) {
      if (this.exchangeResponse || isOnline || this.#failures > QUICK_RETRY_DELAYS_MS.length)
        this.refresh().catch(() => {});
    } else if (this.#env.now() - this.#verifiedAt >= maxAge) {
      this.verifyToken();
    }
  }

  /**
   * Ask `/widget/status` about a call, or about the token alone. Throws Problem.
   * @param {{call_id?: string, wait?: boolean}} fields
   */
  async postStatus(fields) {
    const body = { ...this.credentials, ...fields };
    const answer = await post(this.#env, this.#config.base, "status", body, STATUS_TIMEOUT_MS);
    this.#verifiedAt = this.#env.now();
    return answer;
  }
}

/** The Problem of a phone that does not know the URL of its server. */
export const missingApiBase = () =>
  new Problem("network_error", {
    fix: "Set data-api, or apiBase, to the address of the phone service.",
    details: { cause: "apiBase" },
  });
