/** Stores the unsent outcomes and notes of calls with one embed token (drafts) in the session storage, for at most a day. */
import { sharedName } from "../../session/shared-name.js";

/** @import { Environment, ExchangeResponse } from "../../types.d.ts" */

const MAX_DRAFTS = 10;
/** The server accepts an outcome until this time after the end of a call. */
const MAX_AGE_MS = 86_400_000;

/**
 * @typedef {object} Draft
 * @property {string} callId
 * @property {string} number E.164.
 * @property {number} endedAt Milliseconds since the epoch.
 * @property {string} outcome Empty before one is chosen.
 * @property {string} note
 * @property {boolean} [isPutOff] True once a person chose Later.
 */

export class DraftStore {
  /**
   * Newest first.
   * @type {Draft[]}
   */
  drafts = [];
  #env;
  #key = "";

  /** @param {Environment} env */
  constructor(env) {
    this.#env = env;
  }

  /**
   * Read the drafts of earlier pages of this tab, once the token is known.
   * @param {ExchangeResponse | null} exchangeResponse
   */
  open(exchangeResponse) {
    const key = exchangeResponse ? `${sharedName(exchangeResponse)}:outcomes` : this.#key;
    if (key === this.#key) return;
    this.#key = key;
    const oldest = this.#env.now() - MAX_AGE_MS;
    this.drafts = [...this.drafts, ...this.#read()].filter(({ endedAt }) => endedAt > oldest).slice(0, MAX_DRAFTS);
  }

  /** @param {string} callId */
  find(callId) {
    return this.drafts.find((draft) => draft.callId === callId);
  }

  /** @param {Draft} draft */
  add(draft) {
    this.drafts = [draft, ...this.drafts].slice(0, MAX_DRAFTS);
    this.save();
  }

  /** @param {Draft} draft */
  remove({ callId }) {
    this.drafts = this.drafts.filter((draft) => draft.callId !== callId);
    this.save();
  }

  /** Remove the drafts without outcome and note that the person did not put off. */
  removeUntouched() {
    this.drafts = this.drafts.filter(({ outcome, note, isPutOff }) => outcome || note || isPutOff);
    this.save();
  }

  /** Store the drafts as they are now. */
  save() {
    if (!this.#key) return;
    try {
      const { sessionStorage } = this.#env.window;
      if (this.drafts.length > 0) sessionStorage.setItem(this.#key, JSON.stringify(this.drafts));
      else sessionStorage.removeItem(this.#key);
    } catch {
      // The page may not use the storage: the drafts are in memory only.
    }
  }

  /** @returns {Draft[]} */
  #read() {
    try {
      return JSON.parse(this.#env.window.sessionStorage.getItem(this.#key) ?? "").filter(isDraft);
    } catch {
      return [];
    }
  }
}

/**
 * Checks a stored value: the page, too, can write to its storage.
 * @param {any} draft
 */
const isDraft = (draft) =>
  [draft?.callId, draft?.number, draft?.outcome, draft?.note].every((value) => typeof value === "string") &&
  typeof draft.endedAt === "number";
