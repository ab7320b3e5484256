/**
 * A call in this page that can begin before its code, the chunk `call-stack`, is loaded: remembers hang-up and mute
 * until then, and passes all actions on to an OutgoingCall afterwards.
 */
import { asProblem } from "../errors.js";

/** @import { CallStackLoader } from "./call-stack-loader.js" */
/** @import { Problem } from "../errors.js" */
/** @import { TokenSession } from "../session/token-session.js" */
/** @import { ActiveCall, CallListener, CallRequest } from "../types.d.ts" */

/** @implements {ActiveCall} */
export class PendingCall {
  #callStackLoader;
  #session;
  #request;
  #listener;
  /**
   * Null while the call stack is loading.
   * @type {ActiveCall | null}
   */
  #call = null;
  #isMuted = false;
  #hasEnded = false;

  /**
   * @param {CallStackLoader} callStackLoader
   * @param {TokenSession} session
   * @param {CallRequest} request
   * @param {CallListener} listener Its `ended` is called here only if the call ends before the call stack is loaded.
   */
  constructor(callStackLoader, session, request, listener) {
    this.#callStackLoader = callStackLoader;
    this.#session = session;
    this.#request = request;
    this.#listener = listener;
  }

  async start() {
    try {
      const callStack = await this.#callStackLoader.load();
      if (this.#hasEnded) return;
      this.#call = callStack.createCall(this.#session, this.#request, this.#listener);
      if (this.#isMuted) this.#call.mute(true);
      this.#call.start();
    } catch (error) {
      this.#end("failed", asProblem(error));
    }
  }

  hangup() {
    if (this.#call) this.#call.hangup();
    else this.#end("canceled", null);
  }

  /** @param {boolean} isMuted */
  mute(isMuted) {
    this.#isMuted = isMuted;
    this.#call?.mute(isMuted);
  }

  /** @param {string} digit */
  sendDigit(digit) {
    this.#call?.sendDigit(digit);
  }

  continuePostDial() {
    this.#call?.continuePostDial();
  }

  /**
   * @param {"failed" | "canceled"} status
   * @param {Problem | null} problem
   */
  #end(status, problem) {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#listener.ended({ status, duration: 0, message: problem?.message ?? null, problem, endedByRemote: false });
  }
}
