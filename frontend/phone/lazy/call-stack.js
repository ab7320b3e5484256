/** The chunk that places calls in this page with the voice SDK: the calls, their device and the lock across tabs. */
import { callSentences } from "../call/call-sentences.js";
import { CallLock } from "../call/cross-tab-lock.js";
import { findMicrophoneObstacle } from "../call/microphone.js";
import { OutgoingCall } from "../call/outgoing-call.js";
import { VoiceDevice } from "../call/voice-device.js";
import { knownFixes } from "../errors.js";
import { fixes as problemFixes, statusHints } from "../i18n/locales/en.js";

/** @import { Phone } from "../core.js" */
/** @import { TokenSession } from "../session/token-session.js" */
/** @import { CallListener, CallRequest, Environment } from "../types.d.ts" */

// The chunk has its own copy of errors.js, for the problems that it makes. CallStackLoader adds these to the copy of
// phone.js.
export const fixes = { ...problemFixes, ...statusHints };
Object.assign(knownFixes, fixes);

export { callSentences as sentences };
export { showNotice } from "../ui/notice.js";

/** Creates the calls in this page, and keeps what they share: the lock across tabs, and the session's VoiceDevice. */
export class CallStack {
  #env;
  #callLock;
  /**
   * The present session's; null until it is needed.
   * @type {VoiceDevice | null}
   */
  #device = null;

  /**
   * @param {Phone} phone
   * @param {Environment} env
   */
  constructor(phone, env) {
    this.#env = env;
    this.#callLock = new CallLock(phone, env);
  }

  /**
   * @param {TokenSession} session The present one.
   * @param {CallRequest} request
   * @param {CallListener} listener
   */
  createCall(session, request, listener) {
    const device = this.#deviceOf(session);
    return new OutgoingCall(request, { device, session, callLock: this.#callLock, env: this.#env, listener });
  }

  /**
   * Connect to the carrier without a call, if this page can call. Rejects with Problem if the SDK cannot be loaded.
   * @param {TokenSession} session The present one.
   */
  async warmUp(session) {
    if (!findMicrophoneObstacle(this.#env)) await this.#deviceOf(session).warmUp();
  }

  /** Acquire the lock for a call that is not in this page; false if another tab has it. */
  acquireLock() {
    return this.#callLock.acquire();
  }

  /**
   * A further VoiceDevice, such as for a test of the connection.
   * @param {TokenSession} session
   */
  createDevice(session) {
    return new VoiceDevice(session, this.#env);
  }

  /** The SDK's audio devices during a call; null otherwise. */
  get audio() {
    return this.#device?.audio ?? null;
  }

  /** Pass the session's new token to the device. */
  updateToken() {
    this.#device?.updateToken();
  }

  /** Drop the connection to the carrier, also during a call. */
  disconnect() {
    this.#device?.discard();
  }

  /** Close the session's device: the next session gets another one. */
  endSession() {
    this.#device?.close();
    this.#device = null;
  }

  /** @param {TokenSession} session */
  #deviceOf(session) {
    this.#device ??= this.createDevice(session);
    return this.#device;
  }
}
