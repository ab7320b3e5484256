/**
 * Keeps the recent calls of one embed token: stores those of this tab in the session storage, so that the tab's next
 * pages have them, and adds a verified person's calls from the server.
 */
import { sharedName } from "../../session/shared-name.js";

/** @import { Environment, ExchangeResponse, PhoneCall } from "../../types.d.ts" */

const MAX_CALLS = 20;

/**
 * A stored call: only the fields that the list shows or needs.
 * @typedef {object} RecentCall
 * @property {string} callId
 * @property {string} number E.164.
 * @property {string} [name]
 * @property {string} [company]
 * @property {string} [url]
 * @property {string} [extension]
 * @property {string} startedAt RFC 3339.
 * @property {EpochPhoneCallStatus} [status] Missing during the call, and if its page was left before the end.
 * @property {number} [duration] Seconds connected.
 * @property {boolean} [isFromServer] True for a call from the server's list of a verified person; not stored in the tab.
 */

export class RecentCallStore {
  /**
   * Newest first.
   * @type {RecentCall[]}
   */
  calls = [];
  #env;
  #key = "";
  /** RFC 3339: calls from the server that began before this time are not shown in this tab. */
  #clearedAt = "";

  /** @param {Environment} env */
  constructor(env) {
    this.#env = env;
  }

  /**
   * Read the calls of earlier pages of this tab, once the token is known.
   * @param {ExchangeResponse | null} exchangeResponse
   */
  open(exchangeResponse) {
    if (!exchangeResponse) return;
    const key = `${sharedName(exchangeResponse)}:recent`;
    if (key === this.#key) return;
    this.#key = key;
    const { calls, clearedAt } = this.#read();
    this.#clearedAt = clearedAt;
    this.calls = [...this.calls, ...calls].slice(0, MAX_CALLS);
  }

  /**
   * Store `call`, or the end of a stored one. Returns true if the list changed.
   * @param {PhoneCall | null} call
   */
  add(call) {
    if (!call) return false;
    const { callId, number, name, company, url, extension, startedAt, ended } = call;
    const [latest] = this.calls;
    const isKnown = latest?.callId === callId;
    if (isKnown && latest.status === ended?.status) return false;
    const { status, duration } = ended ?? {};
    const stored = { callId, number, name, company, url, extension, startedAt, status, duration };
    this.calls = [stored, ...this.calls.slice(isKnown ? 1 : 0)].slice(0, MAX_CALLS);
    this.#write();
    return true;
  }

  /**
   * Add a verified person's calls from the server, without those that were cleared in this tab.
   * @param {RecentCall[]} calls
   */
  addFromServer(calls) {
    const known = new Set(this.calls.map(({ callId }) => callId));
    const added = calls
      .filter((call) => isCall(call) && !known.has(call.callId) && !this.#wasCleared(call))
      .map((call) => ({ ...call, isFromServer: true }));
    if (added.length === 0) return;
    this.calls = [...this.calls, ...added]
      .sort((first, second) => Date.parse(second.startedAt) - Date.parse(first.startedAt))
      .slice(0, MAX_CALLS);
  }

  clear() {
    if (this.calls.some(({ isFromServer }) => isFromServer)) this.#clearedAt = new Date(this.#env.now()).toISOString();
    this.calls = [];
    this.#write();
  }

  /**
   * True if `call` began before the list was cleared. Compared as times, because only one of the texts has milliseconds.
   * @param {RecentCall} call
   */
  #wasCleared({ startedAt }) {
    return Date.parse(startedAt) <= Date.parse(this.#clearedAt);
  }

  #write() {
    if (!this.#key) return;
    try {
      const { sessionStorage } = this.#env.window;
      const calls = this.calls.filter(({ isFromServer }) => !isFromServer);
      const clearedAt = this.#clearedAt;
      if (calls.length > 0 || clearedAt) sessionStorage.setItem(this.#key, JSON.stringify({ calls, clearedAt }));
      else sessionStorage.removeItem(this.#key);
    } catch {
      // The page may not use the storage: the list is in memory only.
    }
  }

  /** @returns {{calls: RecentCall[], clearedAt: string}} */
  #read() {
    try {
      const { calls, clearedAt } = JSON.parse(this.#env.window.sessionStorage.getItem(this.#key) ?? "");
      return { calls: calls.filter(isCall), clearedAt: String(clearedAt) };
    } catch {
      return { calls: [], clearedAt: "" };
    }
  }
}

/**
 * Checks a stored value: the page, too, can write to its storage.
 * @param {any} call
 */
const isCall = (call) =>
  typeof call?.number === "string" && typeof call.callId === "string" && !Number.isNaN(Date.parse(call.startedAt));
