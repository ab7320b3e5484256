/** An outgoing call in this page, from the dial to its single end. */
import { asProblem, Problem } from "../errors.js";
import { AnswerReport } from "./answer-report.js";
import { AnswerWatch } from "./answer-watch.js";
import { ensureCanCall } from "./call-checks.js";
import { asCallProblem, problemOf } from "./call-result.js";
import { PostDial, postDialSteps } from "./post-dial.js";
import { RecordedEnd } from "./recorded-end.js";
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
  #recordedEnd;
  #answerReport;
  #answerWatch;
  /** @type {Call | null} */
  #call = null;
  #answeredAt = 0;
  /** Time at which the carrier's end was noticed; later questions about it take no part in the duration. */
  #lostAt = 0;
  #hasRung = false;
  #hasEnded = false;
  #isEnding = false;
  #isMuted = false;
  /** True after the carrier refused the token before the answer: that is tried once more, with a new token. */
  #isTokenRefused = false;
  #isRenewing = false;
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
    this.#recordedEnd = new RecordedEnd(session, details.callId, env);
    this.#answerReport = new AnswerReport(session, details, env, {
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
    this.#answerWatch = new AnswerWatch({
      recordedEnd: this.#recordedEnd,
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
      if (!this.#isRenewing) throw error;
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
    this.#stopWatchingCSP = this.#env.cspViolations.watchSockets(this.#session.account?.signaling ?? null, (advice) => {
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

  /** Leave the present attempt, whose token the carrier refused and which may never end by itself, and connect once more. */
  async #redial() {
    const refused = this.#call;
    this.#call = null;
    this.#carrierError = null;
    this.#answerWatch.stop();
    clearInterval(this.#statusPoll);
    this.#device.discard();
    refused?.disconnect();
    try {
      await this.#dialWithNewToken();
    } catch (error) {
      await this.#finishWithProblem(asProblem(error, "connection_failed"));
      this.#disconnect();
    }
  }

  async #dialWithNewToken() {
    await this.#session.refresh();
    this.#isRenewing = false;
    if (!this.#hasEnded) await this.#dial();
  }

  /** @param {Call} call */
  #follow(call) {
    this.#call = call;
    if (this.#isMuted) call.mute(true);
    this.#fail = (problem) => this.#abandon(problem);
    this.#answerWatch.start();
    call.on("ringing", (hasEarlyMedia) => {
      this.#answerWatch.stop();
      this.#hasRung = true;
      this.#answerReport.askNumber();
      if (!this.#hasEnded && !this.#answeredAt) this.#listener.ringing(Boolean(hasEarlyMedia));
    });
    call.on("accept", () => {
      this.#answerWatch.stop();
      if (this.#hasEnded || this.#answeredAt) return;
      this.#answeredAt = this.#env.now();
      if (this.#isMuted) call.mute(true);
      this.#answerReport.tell(this.#answeredAt);
      if (!this.#hasRung) this.#endIfUnknown();
    });
    for (const event of ["disconnect", "cancel", "reject"]) {
      call.on(event, () => call === this.#call && this.#onCarrierEnd({ endedByRemote: !this.#carrierError }));
    }
    call.on("error", (error) => {
      if (call === this.#call) this.#carrierError = error;
    });
    call.on("reconnecting", () => {
      this.#postDial.setPaused(true);
      if (!this.#hasEnded) this.#listener.reconnecting(true);
    });
    call.on("reconnected", () => {
      this.#carrierError = null;
      this.#postDial.setPaused(false);
      if (!this.#hasEnded) this.#listener.reconnecting(false);
    });
    call.on("warning", (name) => this.#setWarning(name, true));
    call.on("warning-cleared", (name) => this.#setWarning(name, false));
    // Some lost connections close the call without an event.
    this.#statusPoll = setInterval(() => {
      if (call.status() === "closed") this.#onCarrierEnd();
    }, STATUS_POLL_MS);
  }

  /** End a call that the carrier answered itself, to tell the caller in words that it did not reach the server. */
  async #endIfUnknown() {
    const result = await this.#recordedEnd.findUnknown();
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
        result = await this.#recordedEnd.find();
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
    if (reaction.then === "end" && !this.#answeredAt) {
      const { status } = reaction;
      if (status) this.#finishAndDisconnect(() => this.#finish(status));
      else this.#fail(new Problem(reaction.problem ?? "call_failed"));
    }
    if (reaction.then !== "renew") return;
    if (this.#answeredAt) {
      this.#device.updateToken({ isRefused: true });
      return;
    }
    if (this.#isRenewing) return;
    const problem = new Problem("service_unavailable");
    if (this.#isTokenRefused) {
      this.#fail(problem);
      return;
    }
    this.#isTokenRefused = true;
    this.#isRenewing = true;
    if (this.#call) this.#redial();
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

  /** The carrier ended the call: completed if it rang and was answered, otherwise the server knows the reason. */
  async #onCarrierEnd({ endedByRemote = false } = {}) {
    if (this.#hasEnded || this.#isEnding) return;
    this.#isEnding = true;
    this.#answerReport.tellNow();
    this.#lostAt = this.#env.now();
    const isAnswered = this.#answeredAt > 0;
    if (!isAnswered || (!this.#hasRung && endedByRemote)) await this.#finishRefused(isAnswered, endedByRemote);
    else if (endedByRemote) await this.#finishEnded();
    else await this.#finishLost();
    this.#device.release();
  }

  /** End an answered call whose connection was lost as its record says. */
  async #finishLost() {
    this.#listener.reconnecting(true);
    this.#finishAs(await this.#recordedEnd.findLost(() => this.#hasEnded));
  }

  /** End an answered call that the carrier ended: for the other side, or for staff, a limit or a revocation. */
  async #finishEnded() {
    const problem = await this.#recordedEnd.findReason();
    this.#finish("completed", { problem, endedByRemote: !problem });
  }

  /**
   * @param {boolean} isAnswered
   * @param {boolean} endedByRemote
   */
  async #finishRefused(isAnswered, endedByRemote) {
    try {
      const carrierError = this.#carrierError;
      const result = await this.#recordedEnd.findRefused({ hasRung: this.#hasRung, isAnswered, carrierError });
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
    this.#answerReport.end();
    this.#device.listen(null);
    this.#stopWatchingCSP();
    this.#postDial.stop();
    this.#answerWatch.stop();
    clearInterval(this.#statusPoll);
    const endedAt = this.#lostAt || this.#env.now();
    const duration = this.#answeredAt ? Math.round((endedAt - this.#answeredAt) / 1000) : 0;
    const reason = problem && asCallProblem(problem);
    this.#listener.ended({ status, duration, message: reason?.message ?? message, problem: reason, endedByRemote });
  }

  /**
   * @param {string} name
   * @param {boolean} holds
   */
  #setWarning(name, holds) {
    if (this.#hasEnded) return;
    if (holds) this.#warnings.add(name);
    else this.#warnings.delete(name);
    this.#listener.warningsChanged(this.#warnings);
  }
}
