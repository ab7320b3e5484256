/** Creates the calls of a page's phone: loads what carries them, and keeps the device, the lock and the pop-out. */
import { knownFixes, Problem, SENTENCES } from "../errors.js";
import { PendingCall } from "./pending-call.js";

/** @import { CallLock } from "./cross-tab-lock.js" */
/** @import { VoiceDevice } from "./voice-device.js" */
/** @import { Phone } from "../core.js" */
/** @import { StepListener } from "../lazy/diagnostics.js" */
/** @import { PopOut } from "../lazy/pop-out.js" */
/** @import { TokenSession } from "../session/token-session.js" */
/** @import { ActiveCall, CallListener, CallRequest, Chunks, Environment, Settings } from "../types.d.ts" */

export class CallFactory {
  #env;
  #phone;
  #getSession;
  /** @type {VoiceDevice | null} */
  #device = null;
  /** @type {CallLock | null} */
  #callLock = null;
  /** @type {PopOut | null} */
  #popOut = null;

  /**
   * @param {Environment} env
   * @param {Phone} phone
   * @param {() => TokenSession | null} getSession
   */
  constructor(env, phone, getSession) {
    this.#env = env;
    this.#phone = phone;
    this.#getSession = getSession;
  }

  /** The SDK's audio devices during a call; null otherwise. */
  get audio() {
    return this.#device?.audio ?? null;
  }

  /**
   * The call of `request`: in the pop-out if there is one that takes it, otherwise in this page.
   * @param {CallRequest} request
   * @param {CallListener} listener
   * @returns {ActiveCall}
   */
  create(request, listener) {
    const inPopOut = this.#popOut?.createCall(request, listener);
    if (inPopOut) return inPopOut;
    const { details, params = {}, digits } = request;
    return new PendingCall(async () => {
      const { callStack, device } = await this.#load();
      const session = this.#getSession();
      if (!session || !device) throw new Problem("connection_failed");
      return new callStack.OutgoingCall({
        ...{ details, params, digits, device, session, env: this.#env, listener },
        ensureCanCall: () => this.#ensureCanCall(),
      });
    }, listener);
  }

  /** Load the SDK and the call stack now, because a call is likely. Rejects with Problem. */
  async preload() {
    await Promise.all([this.#load(), this.#env.loadSdk()]);
  }

  /**
   * Connect to the carrier, because a person is about to call from this page: the call then begins sooner. Rejects with
   * Problem if what it needs cannot be loaded.
   */
  async warmUp() {
    if (this.#popOut?.takesCalls || this.#phone.remoteCall) return;
    const { callStack, device } = await this.#load();
    if (!callStack.findMicrophoneObstacle(this.#env)) await device?.warmUp();
  }

  /**
   * The pop-out, for a page with `settings`; from then on calls are placed in it where it can take them. Rejects with
   * Problem if its chunk cannot be loaded.
   * @param {Settings} settings
   */
  async getPopOut(settings) {
    const env = this.#env;
    const { PopOut } = await env.loadChunk("pop-out");
    this.#popOut ??= new PopOut(env, {
      phone: this.#phone,
      getSession: this.#getSession,
      acquireCallLock: async () => {
        const { callLock } = await this.#load();
        return callLock.acquire();
      },
      Problem,
    });
    this.#popOut.settings = settings;
    return this.#popOut;
  }

  /**
   * Test what a call needs, without a call (lazy/diagnostics.js). Rejects with Problem if that chunk cannot be loaded.
   * @param {StepListener} [onStep]
   */
  async runDiagnostics(onStep) {
    const env = this.#env;
    const { runDiagnostics } = await env.loadChunk("diagnostics");
    return runDiagnostics(env, onStep, {
      phone: this.#phone,
      getSession: this.#getSession,
      createDevice: async () => this.#createDevice((await this.#load()).callStack),
      Problem,
    });
  }

  /** Give the session's new token to the device. */
  updateToken() {
    this.#device?.updateToken();
  }

  /** Drop the connection to the carrier, whatever it is doing. */
  disconnect() {
    this.#device?.discard();
  }

  /** The session ends. */
  endSession() {
    this.#device?.close();
    this.#device = null;
  }

  /** The phone stops for good. */
  stop() {
    this.#popOut?.stop();
  }

  /** Load what carries calls and create what it is used through. Rejects with Problem. */
  async #load() {
    const callStack = await this.#env.loadChunk("call-stack");
    Object.assign(knownFixes, callStack.fixes);
    Object.assign(SENTENCES, callStack.sentences);
    this.#callLock ??= new callStack.CallLock(this.#phone, this.#env);
    if (this.#getSession()) this.#device ??= this.#createDevice(callStack);
    return { callStack, callLock: this.#callLock, device: this.#device };
  }

  /** @param {Chunks["call-stack"]} callStack */
  #createDevice({ VoiceDevice }) {
    const session = this.#getSession();
    if (!session) throw new Problem("connection_failed");
    return new VoiceDevice({ loadSdk: this.#env.loadSdk, session, env: this.#env });
  }

  /** Throws Problem if no call may begin in this page now. */
  async #ensureCanCall() {
    if (this.#phone.isOffline) throw new Problem("offline");
    const { callStack, callLock } = await this.#load();
    const obstacle = callStack.findMicrophoneObstacle(this.#env);
    if (obstacle) throw new Problem(obstacle.code, obstacle);
    if (this.#phone.isInCall && !(await callLock.acquire())) throw new Problem("call_elsewhere");
  }
}
