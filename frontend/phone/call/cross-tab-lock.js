/**
 * Allows one call at a time across the tabs of a site that use the same embed token. The tab that has the call holds a
 * Web Lock, and asks before its page is left. Over a BroadcastChannel the other tabs show that call and can hang it up.
 */
import { sharedName } from "../session/shared-name.js";
import { UnloadPrompt } from "./unload-prompt.js";

/** @import { Phone } from "../core.js" */
/** @import { Environment } from "../types.d.ts" */
/**
 * @typedef {{number: string, name?: string, company?: string, callId: string, answeredAt?: number | null}} SharedCall
 * @typedef {{ask?: boolean, call?: SharedCall, over?: string, hangUp?: string}} Message On the channel. `ask`: a tab
 *   that has a call answers with `call`. `call`: the sender has this call. `over`: the call with this id has ended.
 *   `hangUp`: the tab that has the call with this id hangs it up. Tabs of other versions of phone.js read these names.
 */

const POLL_MS = 1_000;

export class CallLock {
  #phone;
  #env;
  #unloadPrompt;
  /**
   * The name of the lock and of the channel; null while there is no session.
   * @type {string | null}
   */
  #name = null;
  /** @type {BroadcastChannel | null} */
  #channel = null;
  #isPageHidden = false;
  /**
   * The id of this tab's call, if that holds the lock.
   * @type {string | null}
   */
  #lockedCallId = null;
  #release = () => {};
  /** @type {Promise<void> | null} */
  #released = null;
  /**
   * The state of this tab's call that was last sent to the other tabs.
   * @type {SharedCall | null}
   */
  #announced = null;
  /**
   * The call of another tab that this tab shows.
   * @type {SharedCall | null}
   */
  #remoteCall = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #poll;

  /**
   * @param {Phone} phone Its calls are announced; a call in another tab becomes its `remoteCall`.
   * @param {Environment} env
   */
  constructor(phone, env) {
    this.#phone = phone;
    this.#env = env;
    this.#unloadPrompt = new UnloadPrompt(env);
    phone.onChange(() => this.#update());
    env.window.addEventListener("pagehide", () => this.#onPageHide());
    env.window.addEventListener("pageshow", () => {
      this.#isPageHidden = false;
      this.#update();
    });
    this.#update();
  }

  /**
   * Acquire the lock for the phone's present call; false if another tab has it. Always true in frames without an origin
   * and in browsers without locks, where only the server limits simultaneous calls.
   */
  async acquire() {
    const callId = this.#phone.call?.callId ?? null;
    // Wait until the lock of this tab's last call is released.
    await this.#released;
    /** @type {boolean} */
    const isFree = await new Promise((resolve) => {
      this.#released = this.#requestLock((isGranted) => {
        resolve(isGranted);
        if (!isGranted || !callId || this.#callId !== callId) return null;
        this.#lockedCallId = callId;
        return new Promise((release) => {
          this.#release = () => release(undefined);
        });
      });
    });
    this.#update();
    return isFree;
  }

  /** The id of the phone's present call; null without one. */
  get #callId() {
    return this.#phone.isInCall ? (this.#phone.call?.callId ?? null) : null;
  }

  /**
   * Request the lock without waiting for it. Resolves when it is released: when the promise that `onResult` returns
   * settles.
   * @param {(isGranted: boolean) => Promise<unknown> | null} onResult
   */
  async #requestLock(onResult) {
    try {
      const name = /** @type {string} */ (this.#name);
      await this.#env.navigator.locks.request(name, { ifAvailable: true }, (lock) => onResult(Boolean(lock)));
    } catch {
      onResult(true);
    }
  }

  #update() {
    const { exchangeResponse, isInCall, isInPopOut } = this.#phone;
    const name = exchangeResponse ? sharedName(exchangeResponse) : isInCall ? this.#name : null;
    this.#join(this.#isPageHidden ? null : name);
    if (this.#lockedCallId && this.#lockedCallId !== this.#callId) this.#releaseLock();
    // A call in the pop-out continues when this page is left.
    this.#unloadPrompt.set(isInCall && !isInPopOut);
    this.#announce();
  }

  #releaseLock() {
    this.#lockedCallId = null;
    this.#release();
  }

  /**
   * Open the channel with this name, or with null close it: a page with an open channel can lose its place in the
   * back-forward cache.
   * @param {string | null} name
   */
  #join(name) {
    if (name === this.#name) return;
    this.#name = name;
    this.#channel?.close();
    this.#channel = null;
    this.#setRemoteCall(null);
    const { BroadcastChannel } = this.#env.window;
    if (!name || !BroadcastChannel) return;
    this.#channel = new BroadcastChannel(name);
    this.#channel.addEventListener("message", ({ data }) => this.#onMessage(data ?? {}));
    this.#post({ ask: true });
  }

  /** @param {Message} message */
  #post(message) {
    this.#channel?.postMessage(message);
  }

  #onPageHide() {
    if (this.#lockedCallId) this.#post({ over: this.#lockedCallId });
    // The next page of the tab takes over a call in the pop-out. This page can stay in the cache and must not keep the
    // lock.
    if (this.#phone.isInPopOut) this.#releaseLock();
    this.#announced = null;
    this.#isPageHidden = true;
    this.#join(null);
  }

  /** Send the other tabs this tab's call, or its end, if it has changed since the last time. */
  #announce() {
    const call = this.#lockedCallId ? this.#phone.call : null;
    const previous = this.#announced;
    if (
      call?.callId === previous?.callId &&
      call?.number === previous?.number &&
      call?.answeredAt === previous?.answeredAt
    )
      return;
    this.#announced = call && pickShared(call);
    this.#post(this.#announced ? { call: this.#announced } : { over: previous?.callId });
  }

  /** @param {Message} message */
  #onMessage({ ask: isRequest, call, over: endedCallId, hangUp: callIdToHangUp }) {
    if (isRequest && this.#lockedCallId && this.#announced) this.#post({ call: this.#announced });
    if (typeof call?.number === "string") this.#setRemoteCall(call);
    if (endedCallId && endedCallId === this.#remoteCall?.callId) this.#setRemoteCall(null);
    if (callIdToHangUp && callIdToHangUp === this.#lockedCallId) this.#phone.hangup();
  }

  /** @param {SharedCall | null} call */
  #setRemoteCall(call) {
    if (!call && !this.#remoteCall) return;
    this.#remoteCall = call;
    clearInterval(this.#poll);
    // A tab that crashed does not send `over`, but the browser has released its lock.
    if (call) this.#poll = setInterval(() => this.#dropIfLockIsFree(), POLL_MS);
    const hangup = () => this.#post({ hangUp: call?.callId });
    const remoteCall = call && { ...pickShared(call), answeredAt: Number(call.answeredAt) || null, hangup };
    this.#phone.set({ remoteCall });
  }

  async #dropIfLockIsFree() {
    const name = this.#name;
    const { held } = await this.#env.navigator.locks.query();
    if (name === this.#name && !held?.some((lock) => lock.name === name)) this.#setRemoteCall(null);
  }
}

/**
 * The parts of a call that other tabs show.
 * @param {SharedCall} call
 * @returns {SharedCall}
 */
const pickShared = ({ number, name, company, callId, answeredAt }) => ({ number, name, company, callId, answeredAt });
