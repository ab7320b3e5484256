/**
 * A call that takes place in the pop-out: sends commands to the pop-out, and passes the pop-out's snapshots of the call
 * to this page's phone.
 */

import { asCallProblem } from "../call/call-result.js";
import { callSentences } from "../call/call-sentences.js";

/** @import { Phone } from "../core.js" */
/** @import { Problem } from "../errors.js" */
/** @import { TokenSession } from "../session/token-session.js" */
/** @import { ActiveCall, CallEnd, CallListener, CallRequest, Environment } from "../types.d.ts" */
/** @import { CallSnapshot, Command, SnapshotEnd } from "./messages.d.ts" */

/**
 * @typedef {object} PopOutCallContext
 * @property {Phone} phone
 * @property {() => TokenSession | null} getSession
 * @property {() => Promise<boolean>} acquireCallLock False if another tab has a call.
 * @property {typeof Problem} Problem The phone's own class.
 * @property {Environment} env
 * @property {(command: Command) => void} send
 * @property {() => boolean} isClosed True if the pop-out is closed.
 * @property {(callId: string) => void} onEnded
 * @property {() => void} onClosedAtOnce Called if the pop-out seems to be closed as soon as it was opened.
 */

const ANSWER_TIMEOUT_MS = 15_000;
const POLL_MS = 500;
// No person closes a window this fast. A window looks closed if a policy of the page separates it from the page.
const CLOSED_AT_ONCE_MS = 1_500;

/** @param {typeof Problem} PhoneProblem The phone's own class, which may not have the sentences of calls yet. */
const callInOtherTab = (PhoneProblem) => new PhoneProblem("call_elsewhere", { message: callSentences.call_elsewhere });

/** @implements {ActiveCall} */
export class PopOutCall {
  isInPopOut = true;
  hasEnded = false;
  #request;
  #listener;
  #context;
  /**
   * The last snapshot.
   * @type {CallSnapshot | null}
   */
  #snapshot = null;
  #answeredAt = 0;
  #isMuted = false;
  #hasLock = false;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #poll;

  /**
   * @param {CallRequest} request
   * @param {CallListener} listener
   * @param {PopOutCallContext} context
   */
  constructor(request, listener, context) {
    this.#request = request;
    this.#listener = listener;
    this.#context = context;
  }

  /** True if the pop-out has not reported this call yet, so that it may need the command again. */
  get isWaiting() {
    return this.#hasLock && !this.hasEnded && !this.#snapshot && Boolean(this.#request.params);
  }

  /**
   * The command that dials. Copied through JSON, because the metadata may have values that cannot be posted.
   * @returns {Command}
   */
  get dialCommand() {
    return JSON.parse(JSON.stringify({ dial: this.#request }));
  }

  async start() {
    const { env, acquireCallLock, Problem, send } = this.#context;
    const startedAt = env.now();
    this.#poll = setInterval(() => this.#checkPopOut(env.now() - startedAt), POLL_MS);
    try {
      const isFree = await acquireCallLock();
      if (!isFree && this.#request.params) throw callInOtherTab(Problem);
    } catch (problem) {
      this.#fail(/** @type {Problem} */ (problem));
      return;
    }
    this.#hasLock = true;
    if (this.isWaiting) send(this.dialCommand);
  }

  hangup() {
    this.#context.send({ hangup: this.#request.details.callId });
    this.#end(this.#answeredAt ? "completed" : "canceled");
  }

  /** @param {boolean} isMuted */
  mute(isMuted) {
    this.#isMuted = isMuted;
    this.#context.send({ mute: isMuted });
  }

  /** @param {string} digit */
  sendDigit(digit) {
    this.#context.send({ digit });
  }

  continuePostDial() {
    this.#context.send({ continuePostDial: true });
  }

  /**
   * Tell this page's phone what has changed in `snapshot`.
   * @param {CallSnapshot} snapshot
   */
  applySnapshot(snapshot) {
    if (this.hasEnded) return;
    const { phone, send } = this.#context;
    const previous = this.#snapshot ?? { warnings: [], muted: false, lost: null, reconnecting: false, postDial: null };
    const isFirst = !this.#snapshot;
    this.#snapshot = snapshot;
    const { number, from } = snapshot.details;
    if (number !== phone.call?.number || from !== phone.call.from) this.#listener.corrected({ number, from });
    if (snapshot.state === "ringing" && phone.state === "dialing") this.#listener.ringing(true);
    if (snapshot.answeredAt && !this.#answeredAt) {
      this.#answeredAt = snapshot.answeredAt;
      this.#listener.answered(snapshot.answeredAt);
    }
    // A listener may have hung up.
    if (this.hasEnded) return;
    if (isFirst && this.#isMuted) send({ mute: true });
    // Not if this page has muted the call: its command may not have reached the pop-out yet.
    else if (snapshot.muted !== previous.muted) phone.mute(snapshot.muted);
    if (snapshot.lost !== previous.lost) this.#listener.deviceLost(snapshot.lost);
    if (snapshot.reconnecting !== previous.reconnecting) this.#listener.reconnecting(snapshot.reconnecting);
    if (String(snapshot.warnings) !== String(previous.warnings)) {
      this.#listener.warningsChanged(new Set(snapshot.warnings));
    }
    if (JSON.stringify(snapshot.postDial) !== JSON.stringify(previous.postDial)) {
      this.#listener.postDialChanged(snapshot.postDial ?? null);
    }
    if (snapshot.ended) this.#applyEnd(snapshot.ended);
  }

  /** @param {number} age Since the start, in milliseconds. */
  #checkPopOut(age) {
    const { isClosed, onClosedAtOnce, Problem } = this.#context;
    if (this.#snapshot) {
      if (isClosed()) this.endIfReported();
    } else if (isClosed() || age > ANSWER_TIMEOUT_MS) {
      if (isClosed() && age < CLOSED_AT_ONCE_MS) onClosedAtOnce();
      this.#fail(new Problem("window_lost", { message: callSentences.window_lost }));
    }
  }

  /** End the call if the pop-out has reported it before: the pop-out has no call any more, or is closed. */
  endIfReported() {
    if (this.#snapshot) this.#end(this.#answeredAt ? "completed" : "canceled");
  }

  /** Fail the call: the pop-out is in a call for another token. */
  refuse() {
    if (!this.#snapshot) this.#fail(callInOtherTab(this.#context.Problem));
  }

  /** @param {SnapshotEnd} end */
  #applyEnd({ status, duration, message, theirs: endedByRemote, problem }) {
    const { Problem, getSession } = this.#context;
    const ownProblem =
      problem &&
      asCallProblem(
        new Problem(problem.code, {
          ...problem,
          fix: problem.advice,
          fallbackFixCode: status === "refused" ? "call_refused" : undefined,
        }),
      );
    this.#finish({ status, duration, message, problem: ownProblem, endedByRemote });
    // The problem that ended the call in the pop-out may also concern this page's token.
    if (problem || endedByRemote) getSession()?.verifyToken();
  }

  /** @param {Problem} problem */
  #fail(problem) {
    this.#end("failed", problem);
  }

  /**
   * @param {EpochPhoneCallStatus} status
   * @param {Problem | null} problem
   */
  #end(status, problem = null) {
    const { now } = this.#context.env;
    const duration = this.#answeredAt ? Math.round((now() - this.#answeredAt) / 1000) : 0;
    this.#finish({ status, duration, message: problem?.message ?? null, problem, endedByRemote: false });
  }

  /** @param {CallEnd} end */
  #finish(end) {
    if (this.hasEnded) return;
    this.hasEnded = true;
    clearInterval(this.#poll);
    this.#context.onEnded(this.#request.details.callId);
    this.#listener.ended(end);
  }
}
