/** An outgoing call in this page: connects it through the voice SDK, and reports its changes and its one end. */
import { asProblem, Problem } from "../errors.js";
import { AnswerNotifier } from "./answer-notifier.js";
import { ensureCanCall } from "./call-checks.js";
import { CallEndLookup } from "./call-end-lookup.js";
import { asCallProblem, problemOf } from "./call-result.js";
import { PostDial, postDialSteps } from "./post-dial.js";
import { RingingWatch } from "./ringing-watch.js";
import { reactionTo } from "./sdk-codes.js";

/** @import { Call } from "@twilio/voice-sdk" */
/** @import { ActiveCall, CallListener, CallRequest, Environment } from "../types.d.ts" */
/** @import { TokenSession } from "../session/token-session.js" */
/** @import { CallLock } from "./cross-tab-lock.js" */
/** @import { VoiceDevice } from "./voice-device.js" */
/** @import { CallResult } from "./call-result.js" */

const CONNECT_TIMEOUT_MS = 15_000;
const STATUS_POLL_MS = 1_000;

/** @implements {ActiveCall} */
export class OutgoingCall {
  #params;
  #device;
  #session;
  #env;
  #callLock;
  #listener;
  #callEndLookup;
  #answerNotifier;
  #ringingWatch;
  /** @type {Call | null} */
  #call = null;
  #answeredAt = 0;
  /** Time at which the carrier ended the call; 0 before. The requests that follow do not count in the duration. */
  #carrierEndedAt = 0;
  #hasRung = false;
  /** True once the end was reported to the listener. */
  #hasEnded = false;
  /** True from the decision to end the call, while the reason is requested. */
  #isEnding = false;
  #isMuted = false;
  /** True after the carrier refused the token before the answer; a second refusal ends the call. */
  #isTokenRefused = false;
  #isRenewingToken = false;
  /** @type {{code?: number} | null} */
  #carrierError = null;
  /**
   * Ends the present attempt to connect.
   * @type {(problem: Problem) => void}
   */
  #fail = () => {};
  #stopWatchingCSP = () => {};
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #statusPoll;
  /** @type {Set<string>} */
  #warnings = new Set();
  #postDial;

  /**
   * @param {CallRequest} request
   * @param {object} options
   * @param {VoiceDevice} options.device
   * @param {TokenSession} options.session
   * @param {CallLock} options.callLock
   * @param {Environment} options.env
   * @param {CallListener} options.listener
   */
  constructor({ details, params = {}, digits }, { device, session, callLock, env, listener }) {
    this.#callEndLookup = new CallEndLookup(session, details.callId, env);
    this.#answerNotifier = new AnswerNotifier(session, details, env, {
      corrected: (numbers) => listener.corrected(numbers),
      answered: (at) => {
        listener.answered(at);
        if (!this.#hasEnded) this.#postDial.start();
      },
    });
    this.#params = params;
    this.#device = device;
    this.#session = session;
    this.#env = env;
    this.#callLock = callLock;
    this.#listener = listener;
    this.#ringingWatch = new RingingWatch({
      callEndLookup: this.#callEndLookup,
      isAskingForMicrophone: () => device.isAskingForMicrophone,
      onRecordedEnd: (result) => this.#finishAndDisconnect(() => this.#finishAs(result)),
      onRefused: (problem) => this.#finishAndDisconnect(() => this.#finish("refused", { problem })),
      onTimeout: (problem) => this.#abandon(problem),
    });
    this.#postDial = new PostDial(
      postDialSteps(details.extension, digits),
      (tones) => this.#call?.sendDigits(tones),
      (step) => this.#hasEnded || listener.postDialChanged(step),
    );
  }

  async start() {
    this.#device.listen({
      error: (error) => this.#onDeviceError(error),
      microphoneFailed: (problem) => this.#onMicrophoneFailed(problem),
      deviceLost: (kind) => this.#listener.deviceLost(kind),
      destroyed: () => this.#onCarrierEnd(),
    });
    try {
      await ensureCanCall(this.#callLock, this.#env);
      if (!this.#hasEnded) await this.#session.ensureUsable();
      if (!this.#hasEnded) await this.#connect();
    } catch (error) {
      await this.#finishWithProblem(asProblem(error, "connection_failed"));
    }
  }

  /** Connect, once more with a new token where the carrier refuses the first one. */
  async #connect() {
    try {
      await this.#dial();
    } catch (error) {
      if (this.#hasEnded) return;
      this.#device.discard();
      if (!this.#isRenewingToken) throw error;
      await this.#dialWithNewToken();
    }
  }

  /** Connect once, and follow the call. Throws Problem if that takes too long or cannot succeed. */
  async #dial() {
    await this.#device.open();
    if (this.#hasEnded) return;
    // connect() alone may never settle: without a socket, with a refused token, under a page's policy.
    /** @type {Promise<never>} */
    const failure = new Promise((_, reject) => {
      this.#fail = reject;
    });
    const timer = setTimeout(() => this.#fail(new Problem("connection_failed")), CONNECT_TIMEOUT_MS);
    this.#stopWatchingCSP();
    const { signaling = null } = this.#session.exchangeResponse ?? {};
    this.#stopWatchingCSP = this.#env.cspViolations.watchSockets(signaling, (advice) => {
      if (!this.#answeredAt) this.#fail(new Problem("connection_failed", advice));
    });
    try {
      const call = await Promise.race([this.#device.connect(this.#params), failure]);
      if (this.#hasEnded) call.disconnect();
      else this.#follow(call);
    } finally {
      clearTimeout(timer);
    }
  }

  hangup() {
    if (this.#hasEnded) return;
    this.#finish(this.#answeredAt ? "completed" : "canceled");
    if (this.#call) this.#call.disconnect();
    else this.#device.discard();
    this.#device.release();
  }

  /** @param {boolean} isMuted */
  mute(isMuted) {
    this.#isMuted = isMuted;
    this.#call?.mute(isMuted);
  }

  /** @param {string} digit */
  sendDigit(digit) {
    if (this.#answeredAt && !this.#hasEnded) this.#postDial.press(digit);
  }

  continuePostDial() {
    this.#postDial.proceed();
  }

  /** Connect once more instead of an attempt whose token the carrier refused; that attempt may never end by itself. */
  async #reconnect() {
    const refusedCall = this.#call;
    this.#call = null;
    this.#carrierError = null;
    this.#ringingWatch.stop();
    clearInterval(this.#statusPoll);
    this.#device.discard();
    refusedCall?.disconnect();
    try {
      await this.#dialWithNewToken();
    } catch (error) {
      await this.#finishWithProblem(asProblem(error, "connection_failed"));
      this.#disconnect();
    }
  }

  async #dialWithNewToken() {
    await this.#session.refresh();
    this.#isRenewingToken = false;
    if (!this.#hasEnded) await this.#dial();
  }

  /** @param {Call} call */
  #follow(call) {
    this.#call = call;
    if (this.#isMuted) call.mute(true);
    this.#fail = (problem) => this.#abandon(problem);
    this.#ringingWatch.start();
    call.on("ringing", (hasEarlyMedia) => {
      this.#ringingWatch.stop();
      this.#hasRung = true;
      this.#answerNotifier.requestNumbers();
      if (!this.#hasEnded && !this.#answeredAt) this.#listener.ringing(Boolean(hasEarlyMedia));
    });
    call.on("accept", () => {
      this.#ringingWatch.stop();
      if (this.#hasEnded || this.#answeredAt) return;
      this.#answeredAt = this.#env.now();
      if (this.#isMuted) call.mute(true);
      this.#answerNotifier.notifyWithNumbers(this.#answeredAt);
      if (!this.#hasRung) this.#endIfUnreached();
    });
    for (const event of ["disconnect", "cancel", "reject"]) {
      call.on(event, () => call === this.#call && this.#onCarrierEnd({ endedByRemote: !this.#carrierError }));
    }
    call.on("error", (error) => {
      if (call === this.#call) this.#carrierError = error;
    });
    call.on("reconnecting", () => {
      this.#postDial.setSuspended(true);
      if (!this.#hasEnded) this.#listener.reconnecting(true);
    });
    call.on("reconnected", () => {
      this.#carrierError = null;
      this.#postDial.setSuspended(false);
      if (!this.#hasEnded) this.#listener.reconnecting(false);
    });
    call.on("warning", (name) => this.#setWarning(name, true));
    call.on("warning-cleared", (name) => this.#setWarning(name, false));
    // Some lost connections close the call without an event.
    this.#statusPoll = setInterval(() => {
      if (call.status() === "closed") this.#onCarrierEnd();
    }, STATUS_POLL_MS);
  }

  /** End a call that the carrier answered itself, to announce that it could not reach our server. */
  async #endIfUnreached() {
    const result = await this.#callEndLookup.fetchEndIfUnreached();
    if (!result || this.#hasEnded) return;
    this.#finishAs(result);
    this.#disconnect();
  }

  /**
   * End the call because of a problem on this side, unless its record has another reason.
   * @param {Problem} problem
   */
  async #finishWithProblem(problem) {
    /** @type {CallResult | null} */
    let result = null;
    if (problem.code === "connection_failed") {
      try {
        result = await this.#callEndLookup.fetchEnd();
      } catch (error) {
        problem = asProblem(error);
      }
    }
    if (result) this.#finishAs(result);
    else this.#finish(problem.isRefusal ? "refused" : "failed", { problem });
  }

  /** @param {{code?: number}} error */
  #onDeviceError(error) {
    const reaction = reactionTo(error);
    if (this.#hasEnded || this.#isEnding) return;
    if (reaction.action === "end" && !this.#answeredAt) {
      const { status } = reaction;
      if (status) this.#finishAndDisconnect(() => this.#finish(status));
      else this.#fail(new Problem(reaction.problem ?? "call_failed"));
    }
    if (reaction.action !== "renew") return;
    if (this.#answeredAt) {
      this.#device.updateToken({ isRefused: true });
      return;
    }
    if (this.#isRenewingToken) return;
    const problem = new Problem("service_unavailable");
    if (this.#isTokenRefused) {
      this.#fail(problem);
      return;
    }
    this.#isTokenRefused = true;
    this.#isRenewingToken = true;
    if (this.#call) this.#reconnect();
    else this.#fail(problem);
  }

  /** @param {Problem} problem */
  #onMicrophoneFailed(problem) {
    if (this.#answeredAt || this.#hasEnded) return;
    this.#abandon(problem);
  }

  /**
   * End the call before the answer because of a problem on this side.
   * @param {Problem} problem
   */
  async #abandon(problem) {
    if (this.#hasEnded || this.#isEnding) return;
    this.#isEnding = true;
    await this.#finishWithProblem(problem);
    this.#disconnect();
  }

  /** @param {() => void} finish */
  #finishAndDisconnect(finish) {
    if (this.#hasEnded || this.#isEnding) return;
    finish();
    this.#disconnect();
  }

  #disconnect() {
    this.#call?.disconnect();
    this.#device.discard();
    this.#device.release();
  }

  /** The carrier ended the call: it is completed if it rang and was answered; otherwise the server has the reason. */
  async #onCarrierEnd({ endedByRemote = false } = {}) {
    if (this.#hasEnded || this.#isEnding) return;
    this.#isEnding = true;
    this.#answerNotifier.flush();
    this.#carrierEndedAt = this.#env.now();
    const isAnswered = this.#answeredAt > 0;
    if (!isAnswered || (!this.#hasRung && endedByRemote)) await this.#finishUnconnected(isAnswered, endedByRemote);
    else if (endedByRemote) await this.#finishAnswered();
    else await this.#finishLost();
    this.#device.release();
  }

  /** End an answered call whose connection was lost, with the status of its record. */
  async #finishLost() {
    this.#listener.reconnecting(true);
    this.#finishAs(await this.#callEndLookup.fetchEndOfLost(() => this.#hasEnded));
  }

  /** End an answered call that the other side, staff, a limit or a revocation ended. */
  async #finishAnswered() {
    const problem = await this.#callEndLookup.fetchEndReason();
    this.#finish("completed", { problem, endedByRemote: !problem });
  }

  /**
   * End a call that the carrier ended before the called person answered, or that it answered without ringing.
   * @param {boolean} isAnswered
   * @param {boolean} endedByRemote
   */
  async #finishUnconnected(isAnswered, endedByRemote) {
    try {
      const carrierError = this.#carrierError;
      const result = await this.#callEndLookup.fetchEndOfUnconnected({
        hasRung: this.#hasRung,
        isAnswered,
        carrierError,
      });
      this.#finishAs(result, endedByRemote && result.status === "completed");
    } catch (error) {
      if (isAnswered) this.#finish("completed", { endedByRemote });
      else this.#finish("refused", { problem: asProblem(error) });
    }
  }

  /** @param {CallResult} result */
  #finishAs(result, endedByRemote = false) {
    this.#finish(result.status, { ...result, problem: problemOf(result), endedByRemote });
  }

  /**
   * @param {EpochPhoneCallStatus} status
   * @param {{problem?: Problem | null, message?: string | null, endedByRemote?: boolean}} [options]
   */
  #finish(status, { problem = null, message = null, endedByRemote = false } = {}) {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#answerNotifier.end();
    this.#device.listen(null);
    this.#stopWatchingCSP();
    this.#postDial.stop();
    this.#ringingWatch.stop();
    clearInterval(this.#statusPoll);
    const endedAt = this.#carrierEndedAt || this.#env.now();
    const duration = this.#answeredAt ? Math.round((endedAt - this.#answeredAt) / 1000) : 0;
    const reason = problem && asCallProblem(problem);
    this.#listener.ended({ status, duration, message: reason?.message ?? message, problem: reason, endedByRemote });
  }

  /**
   * @param {string} name
   * @param {boolean} isActive
   */
  #setWarning(name, isActive) {
    if (this.#hasEnded) return;
    if (isActive) this.#warnings.add(name);
    else this.#warnings.delete(name);
    this.#listener.warningsChanged(this.#warnings);
  }
}
