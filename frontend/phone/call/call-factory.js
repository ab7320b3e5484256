/**
 * Creates a page's outgoing calls, in the pop-out or in the page; loads the chunks for calls, the pop-out and the
 * diagnostics; connects to the carrier in advance when a call is likely.
 */
import { Problem } from "../errors.js";
import { CallStackLoader } from "./call-stack-loader.js";
import { PendingCall } from "./pending-call.js";

/** @import { Phone } from "../core.js" */
/** @import { StepListener } from "../lazy/diagnostics.js" */
/** @import { PopOut } from "../lazy/pop-out.js" */
/** @import { TokenSession } from "../session/token-session.js" */
/** @import { ActiveCall, CallListener, CallRequest, Environment, Settings } from "../types.d.ts" */

export class CallFactory {
  #env;
  #phone;
  #getSession;
  #callStackLoader;
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
    this.#callStackLoader = new CallStackLoader(phone, env);
  }

  /**
   * The call of `request`: in the pop-out if there is one that takes it, otherwise in this page.
   * @param {TokenSession} session The present one.
   * @param {CallRequest} request
   * @param {CallListener} listener
   * @returns {ActiveCall}
   */
  create(session, request, listener) {
    return (
      this.#popOut?.createCall(request, listener) ?? new PendingCall(this.#callStackLoader, session, request, listener)
    );
  }

  /** Load the SDK and the call stack now, because a call is likely. Rejects with Problem. */
  async preload() {
    await Promise.all([this.#callStackLoader.load(), this.#env.loadSdk()]);
  }

  /**
   * Connect to the carrier, because a person is about to call from this page: the call then begins sooner. Rejects with
   * Problem if what it needs cannot be loaded.
   */
  async warmUp() {
    if (this.#popOut?.takesCalls || this.#phone.remoteCall) return;
    const callStack = await this.#callStackLoader.load();
    const session = this.#getSession();
    if (session) await callStack.warmUp(session);
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
      callStackLoader: this.#callStackLoader,
      Problem,
    });
    this.#popOut.settings = settings;
    return this.#popOut;
  }

  /**
   * Test the microphone, the token and the connections without a call (lazy/diagnostics.js). Rejects with Problem if
   * that chunk cannot be loaded.
   * @param {StepListener} [onStep]
   */
  async runDiagnostics(onStep) {
    const env = this.#env;
    const { runDiagnostics } = await env.loadChunk("diagnostics");
    return runDiagnostics(env, onStep, {
      phone: this.#phone,
      getSession: this.#getSession,
      callStackLoader: this.#callStackLoader,
      Problem,
    });
  }

  /** The call stack, which keeps the session's device; null until it is loaded. */
  get callStack() {
    return this.#callStackLoader.loaded;
  }

  /** The phone stops for good. */
  stop() {
    this.#popOut?.stop();
  }
}
