/** Keeps the recent calls of one embed token for the tab's session, across its pages. */
import { sharedName } from "../../session/shared-name.js";

/** @import { Environment, ExchangeResponse, PhoneCall } from "../../types.d.ts" */

const MAX_CALLS = 20;

/**
 * A call as it is kept: nothing of it that the list does not show or need.
 * @typedef {object} RecentCall
 * @property {string} callId
 * @property {string} number E.164.
 * @property {string} [name]
 * @property {string} [company]
 * @property {string} [url]
 * @property {string} startedAt RFC 3339.
 * @property {EpochPhoneCallStatus} [status] Missing while the call lasts, and if its page was left.
 * @property {number} [duration] Seconds connected.
 */

export class RecentCallStore {
  /**
   * Newest first.
   * @type {RecentCall[]}
   */
  calls = [];
  #env;
  #key = "";

  /** @param {Environment} env */
  constructor(env) {
    this.#env = env;
  }

  /**
   * Read what earlier pages of this tab kept, once the token is known.
   * @param {ExchangeResponse | null} account
   */
  open(account) {
    if (!account) return;
    const key = `${sharedName(account)}:recent`;
    if (key === this.#key) return;
    this.#key = key;
    const stored = this.#read();
    this.calls = [...this.calls, ...stored].slice(0, MAX_CALLS);
  }

  /**
   * Keep `call`, or how it ended by now. Returns true if something is new.
   * @param {PhoneCall | null} call
   */
  keep(call) {
    if (!call) return false;
    const { callId, number, name, company, url, startedAt, ended } = call;
    const [latest] = this.calls;
    const isKnown = latest?.callId === callId;
    if (isKnown && latest.status === ended?.status) return false;
    const { status, duration } = ended ?? {};
    const kept = { callId, number, name, company, url, startedAt, status, duration };
    this.calls = [kept, ...this.calls.slice(isKnown ? 1 : 0)].slice(0, MAX_CALLS);
    this.#write();
    return true;
  }

  clear() {
    this.calls = [];
    this.#write();
  }

  #write() {
    if (!this.#key) return;
    try {
      const { sessionStorage } = this.#env.window;
      if (this.calls.length > 0) sessionStorage.setItem(this.#key, JSON.stringify(this.calls));
      else sessionStorage.removeItem(this.#key);
    } catch {
      // Where nothing may be stored, the list is this page's alone.
    }
  }

  /** @returns {RecentCall[]} */
  #read() {
    try {
      const stored = JSON.parse(this.#env.window.sessionStorage.getItem(this.#key) ?? "[]");
      return Array.isArray(stored) ? stored.filter(isCall) : [];
    } catch {
      return [];
    }
  }
}

/**
 * The page, too, can write to its storage.
 * @param {any} call
 */
const isCall = (call) =>
  typeof call?.number === "string" && typeof call.callId === "string" && !Number.isNaN(Date.parse(call.startedAt));
