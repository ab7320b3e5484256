/** The phone without its user interface: keeps the state, emits the events, runs the session and places the calls. */
import { callAnswered, callEnded } from "./call/call-events.js";
import { CallFactory } from "./call/call-factory.js";
import { buildCallRequest } from "./call/call-request.js";
import { Ringback } from "./call/ringback.js";
import { ErrorLog } from "./error-log.js";
import { asProblem } from "./errors.js";
import { PhoneEvents } from "./events.js";
import { NumberReader } from "./numbers/number-reader.js";
import { findObstacle } from "./session/obstacle.js";
import { TokenSession } from "./session/token-session.js";
import { ShownState } from "./shown-state.js";
import { isReady, nextState } from "./states.js";

/** @import { Problem } from "./errors.js" */
/** @import { EventPair } from "./events.js" */
/** @import { Transition } from "./states.js" */
/**
 * @import {
 *   ActiveCall, CallEnd, CallRequest, Environment, PhoneCall, SessionConfig
 * } from "./types.d.ts"
 */

const IDLE_TIMEOUT_MS = 4_000;

export class Phone extends ShownState {
  events;
  calls;
  #env;
  /** @type {SessionConfig | null} */
  #config = null;
  /** @type {TokenSession | null} */
  #session = null;
  /** @type {ActiveCall | null} */
  #activeCall = null;
  #ringback;
  #numbers = new NumberReader();
  #isReadyEmitted = false;
  /** True once a person was about to call: the phone then connects to the carrier as soon as it is ready. */
  #isCallLikely = false;
  #errorLog;
  /** The digits that the present or last call sends as tones. Not in `call`, because they may be a secret code. */
  #digits = "";
  /**
   * An error of the session during a call, which becomes the phone's error after the call.
   * @type {Problem | null}
   */
  #deferredProblem = null;
  /** @type {Set<() => void>} */
  #changeListeners = new Set();

  /** @param {Environment} env */
  constructor(env) {
    super();
    this.#env = env;
    this.events = new PhoneEvents(env.window);
    this.calls = new CallFactory(env, this, () => this.#session);
    this.#ringback = new Ringback(env);
    this.#errorLog = new ErrorLog(env);
  }

  /**
   * Call `listener` after each change of the state that is shown; returns a function that unsubscribes.
   * @param {() => void} listener
   */
  onChange(listener) {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  /**
   * Change fields of the state that is shown, and notify the listeners.
   * @param {Partial<Pick<Phone, "remoteCall" | "notice" | "warnings" | "lostDevice" | "isReconnecting" | "postDial" | "call">>} changes
   */
  set(changes) {
    Object.assign(this, changes);
    this.#notifyChange();
  }

  /** The last response of the exchange, with the token, the organization and its numbers and country; null without one. */
  get exchangeResponse() {
    return this.#session?.exchangeResponse ?? null;
  }

  /**
   * The numbers that `text` may mean for the organization.
   * @param {unknown} text
   */
  readNumber(text) {
    return this.#numbers.read(text, this.exchangeResponse);
  }

  /** True if the call is in the pop-out, so that this page may be left. */
  get isInPopOut() {
    return Boolean(this.#activeCall?.isInPopOut);
  }

  /** True if a call may be tried; also if only the SDK's chunk could not be loaded. */
  get canDial() {
    return isReady(this.state) || (this.problem?.code === "sdk_load_failed" && Boolean(this.#session?.isValid));
  }

  /** True if the browser reports that it has no network. */
  get isOffline() {
    return this.#env.navigator.onLine === false;
  }

  /**
   * Start a session; a phone in use hangs up first.
   * @param {SessionConfig} config
   */
  start(config) {
    this.#config = config;
    this.#env.base = config.base;
    this.#isReadyEmitted = this.#isCallLikely = false;
    this.events.forget("ready");
    this.#startSession(config);
  }

  /** Hang up, end the session and forget the subscribers. */
  stop() {
    this.#endSession();
    this.calls.stop();
    this.#config = null;
    this.events.emit(...this.#transition("restart"));
    this.events.clear();
  }

  /**
   * Place a call. False if no call was begun; emits `error` if the number or an option is not valid.
   * @param {unknown} text A number, as a person or the page wrote it.
   * @param {EpochPhoneCallOptions | null} [options] Or an earlier call, whose data the new call also gets.
   */
  dial(text, options) {
    if (!this.canDial || !this.exchangeResponse) return false;
    this.dialError = null;
    this.dialInput = text;
    let request;
    try {
      request = buildCallRequest(
        this.readNumber(text),
        { from: this.pickedFrom, ...options },
        this.exchangeResponse,
        this.#env,
      );
    } catch (error) {
      this.dialError = asProblem(error);
      // The error is shown at the number field, which a finished call covers.
      this.events.emit(...this.#transition("reset"), this.#errorLog.eventOf(this.dialError));
      this.#notifyChange();
      return false;
    }
    this.place(request);
    return true;
  }

  /**
   * Begin the call of `request`.
   * @param {CallRequest} request
   */
  place(request) {
    this.call = { ...request.details, answeredAt: null, ended: null };
    this.#digits = request.digits ?? "";
    this.requestedFrom = request.params?.FromNumber;
    this.resetCallFields();
    // A phone that can dial has a session.
    const session = /** @type {TokenSession} */ (this.#session);
    const activeCall = this.calls.create(session, request, {
      ringing: (hasEarlyMedia) => this.#onRinging(hasEarlyMedia),
      answered: (at) => this.#onAnswered(at),
      // `call` is set, because the call has not ended. Later events, getCall() and the panel have the server's numbers.
      corrected: (numbers) => this.set({ call: { .../** @type {PhoneCall} */ (this.call), ...numbers } }),
      warningsChanged: (warnings) => this.set({ warnings }),
      deviceLost: (lostDevice) => this.set({ lostDevice }),
      reconnecting: (isReconnecting) => this.set({ isReconnecting }),
      postDialChanged: (postDial) => this.set({ postDial }),
      ended: (end) => this.#onEnded(end),
    });
    this.#activeCall = activeCall;
    this.events.emit(...this.#transition("dial"), ["callStarted", { ...request.details }]);
    this.#notifyChange();
    if (this.#activeCall === activeCall) activeCall.start();
  }

  /** Place the last call again. */
  redial() {
    // Not `call.from`, which may be the number that the server chose.
    if (this.call) this.dial(this.call.number, { ...this.call, digits: this.#digits, from: this.requestedFrom });
  }

  hangup() {
    this.#activeCall?.hangup();
  }

  reset() {
    this.hangup();
    this.dialError = null;
    if (this.state === "error" && this.#config) this.#startSession(this.#config);
    else if (this.state !== "ready" && nextState(this.state, "reset")) {
      this.call = null;
      this.events.emit(...this.#transition("reset"));
    }
    this.#notifyChange();
  }

  /** @param {boolean} isMuted */
  mute(isMuted) {
    if (!this.#activeCall || this.isMuted === isMuted) return;
    this.#activeCall.mute(isMuted);
    this.isMuted = isMuted;
    this.events.emit(["muted", { muted: isMuted }]);
    this.#notifyChange();
  }

  /** @param {string} digit */
  sendDigit(digit) {
    if (this.state === "in-progress") this.#activeCall?.sendDigit(digit);
  }

  /** Send the tones that wait for a person: the person continues. */
  continuePostDial() {
    this.#activeCall?.continuePostDial();
  }

  /**
   * Connect to the carrier now, or once the phone is ready, because a person is about to call. Does nothing for a phone
   * that cannot call.
   */
  async warmUp() {
    this.#isCallLikely = true;
    if (!this.isReady || !this.#session?.isValid || this.isOffline) return;
    // preload() and the call report a chunk that cannot be loaded.
    await this.calls.warmUp().catch(() => {});
  }

  /** Load the SDK and the call stack now, because a call is likely. */
  async preload() {
    const session = this.#session;
    if (!this.isReady || !session) return;
    this.#numbers.load(this.#env);
    try {
      await this.calls.preload();
    } catch (error) {
      if (session === this.#session && this.isReady && !this.isOffline) this.#fail(asProblem(error));
    }
  }

  /** @param {SessionConfig} config */
  #startSession(config) {
    this.#endSession();
    this.events.emit(...this.#transition("restart"));
    const obstacle = findObstacle(this.#env, config);
    if (obstacle) {
      this.#fail(obstacle);
      return;
    }
    /** @type {TokenSession} */
    const session = new TokenSession(config, this.#env, {
      onToken: () => session === this.#session && this.#onToken(),
      onError: (problem) => session === this.#session && this.#onTokenError(problem),
      onNetworkChange: () => this.#onNetworkChange(),
    });
    this.#session = session;
    session.start();
    this.#notifyChange();
  }

  #endSession() {
    this.hangup();
    this.#session?.stop();
    this.calls.callStack?.endSession();
    this.#session = null;
    this.#deferredProblem = null;
    this.call = null;
  }

  #onToken() {
    this.#deferredProblem = null;
    this.calls.callStack?.updateToken();
    const events = this.#transition("sessionReady");
    const hasChanged = events.length > 0;
    if (hasChanged && !this.#isReadyEmitted) {
      this.#isReadyEmitted = true;
      this.events.remember("ready");
      events.push(["ready"]);
    }
    if (hasChanged) this.#env.whenIdle(() => this.preload(), IDLE_TIMEOUT_MS);
    this.events.emit(...events);
    this.#notifyChange();
    if (hasChanged && this.#isCallLikely) this.warmUp();
  }

  #onNetworkChange() {
    // The network is back: remove the last call, which failed without it, from the panel.
    if (!this.isOffline && this.isReady && this.call?.ended?.problem?.code === "offline") this.reset();
    else this.#notifyChange();
  }

  /** @param {Problem} problem */
  #onTokenError(problem) {
    // Only the server ends a live call whose token was refused.
    if (this.isInCall) this.#deferredProblem = problem;
    else this.#fail(problem);
  }

  /** @param {Problem} problem */
  #fail(problem) {
    const events = this.#transition("fail");
    if (events.length === 0 && this.problem?.code === problem.code) return;
    if (!this.#session?.isValid) this.calls.callStack?.disconnect();
    this.problem = problem;
    const error = this.#errorLog.eventOf(problem);
    this.events.remember(...error);
    this.events.emit(...events, error);
    this.#notifyChange();
  }

  /** @param {boolean} hasEarlyMedia */
  #onRinging(hasEarlyMedia) {
    if (!hasEarlyMedia) this.#ringback.start();
    this.events.emit(...this.#transition("ring"));
    this.#notifyChange();
  }

  #onAnswered(answeredAt = this.#env.now()) {
    if (!this.call) return;
    this.#ringback.stop();
    this.call.answeredAt = answeredAt;
    this.events.emit(...this.#transition("accept"), callAnswered(this.call));
    this.#notifyChange();
  }

  /** @param {CallEnd} end */
  #onEnded(end) {
    const { problem } = end;
    this.#ringback.stop();
    this.#activeCall = null;
    this.resetCallFields();
    if (!this.call) return;
    this.call.ended = end;
    const isNormal = end.status === "completed" || end.status === "canceled";
    const events = this.#transition(isNormal ? "hangup" : "drop");
    if (problem && !isNormal) events.push(this.#errorLog.eventOf(problem));
    events.push(callEnded(this.call, end));
    const session = this.#session;
    this.events.emit(...events);
    this.#notifyChange();
    if (session !== this.#session || !this.isReady) return;
    if (this.#deferredProblem) this.#fail(this.#deferredProblem);
    else if (problem?.code === "sdk_load_failed") this.#fail(problem);
  }

  #notifyChange() {
    for (const listener of [...this.#changeListeners]) listener();
  }

  /**
   * Make one transition; returns the event to emit, none if the state does not change.
   * @param {Transition} name
   * @returns {EventPair[]}
   */
  #transition(name) {
    const state = nextState(this.state, name);
    if (!state) return [];
    const previous = this.state;
    this.state = state;
    if (previous === "error") {
      this.problem = null;
      this.events.forget("error");
    }
    return [["stateChanged", { state, previous }]];
  }
}
