/** The phone: moves the state, emits the events, and connects the session, the device and the call. */
import { buildCallRequest } from "./call/call-request.js";
import { withoutEmpty } from "./call/called-person.js";
import { PendingCall } from "./call/pending-call.js";
import { Ringback } from "./call/ringback.js";
import { asProblem, knownFixes, Problem } from "./errors.js";
import { PhoneEvents } from "./events.js";
import { missingApiBase, TokenSession } from "./session/token-session.js";
import { isInCall, isReady, nextState } from "./states.js";

/** @import { VoiceDevice } from "./call/voice-device.js" */
/** @import { CallLock } from "./call/cross-tab-lock.js" */
/** @import { EventPair } from "./events.js" */
/** @import { PopOut } from "./lazy/pop-out.js" */
/** @import { StepListener } from "./lazy/diagnostics.js" */
/** @import { Move } from "./states.js" */
/**
 * @import {
 *   ActiveCall, CallEnd, CallListener, CallRequest, Chunks, DeviceKind, Environment, PhoneCall, RemoteCall, SessionConfig,
 *   Settings
 * } from "./types.d.ts"
 */

const IDLE_TIMEOUT_MS = 4_000;

export class Phone {
  /** @type {EpochPhoneState} */
  state = "loading";
  /**
   * Set while the state is `error`.
   * @type {Problem | null}
   */
  problem = null;
  /**
   * The present call, or the last one.
   * @type {PhoneCall | null}
   */
  call = null;
  /**
   * The reason why the last `dial` was refused, until the next one.
   * @type {Problem | null}
   */
  dialError = null;
  /**
   * Shown beside the present call, which goes on.
   * @type {Problem | null}
   */
  notice = null;
  isMuted = false;
  isReconnecting = false;
  /**
   * The SDK's warnings that hold in this call.
   * @type {Set<string>}
   */
  warnings = new Set();
  /**
   * The device that was unplugged in this call.
   * @type {DeviceKind | null}
   */
  lostDevice = null;
  /**
   * The call in another tab of this site.
   * @type {RemoteCall | null}
   */
  remoteCall = null;
  events;
  #env;
  /** @type {SessionConfig | null} */
  #config = null;
  /** @type {TokenSession | null} */
  #session = null;
  /** @type {VoiceDevice | null} */
  #device = null;
  /** @type {ActiveCall | null} */
  #activeCall = null;
  #ringback;
  /** @type {CallLock | null} */
  #callLock = null;
  /** @type {PopOut | null} */
  #popOut = null;
  #isReadyEmitted = false;
  /** @type {WeakSet<Problem>} */
  #logged = new WeakSet();
  /**
   * An error of the session that waits for the end of the call.
   * @type {Problem | null}
   */
  #deferredProblem = null;
  /** @type {Set<() => void>} */
  #changeListeners = new Set();

  /** @param {Environment} env */
  constructor(env) {
    this.#env = env;
    this.events = new PhoneEvents(env.window);
    this.#ringback = new Ringback(env);
  }

  /**
   * Call `listener` after each change of what can be shown; returns a function that stops it.
   * @param {() => void} listener
   */
  onChange(listener) {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
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
      phone: this,
      getSession: () => this.#session,
      acquireCallLock: async () => {
        const { callLock } = await this.#loadCallStack();
        return callLock.acquire();
      },
      Problem,
    });
    this.#popOut.settings = settings;
    return this.#popOut;
  }

  /** @param {RemoteCall | null} remoteCall */
  setRemoteCall(remoteCall) {
    this.#set({ remoteCall });
  }

  /** The last answer of the exchange, or null. */
  get account() {
    return this.#session?.account ?? null;
  }

  /** The SDK's audio devices during a call; null otherwise. */
  get audio() {
    return this.#device?.audio ?? null;
  }

  get isReady() {
    return isReady(this.state);
  }

  get isInCall() {
    return isInCall(this.state);
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
    this.#isReadyEmitted = false;
    this.events.forget("ready");
    this.#startSession(config);
  }

  /** Hang up, end the session and forget the subscribers. */
  stop() {
    this.#endSession();
    this.#popOut?.stop();
    this.#config = null;
    this.events.emit(...this.#move("restart"));
    this.events.clear();
  }

  /**
   * Place a call. False if no call was begun; emits `error` if the number or an option is not valid.
   * @param {unknown} typed
   * @param {EpochPhoneCallOptions | null} [options] Also an earlier call, of whose data the new one gets the same.
   */
  dial(typed, options) {
    if (!this.canDial || !this.account) return false;
    this.dialError = null;
    let request;
    try {
      request = buildCallRequest(typed, options ?? {}, this.account, this.#env);
    } catch (error) {
      this.dialError = asProblem(error);
      // The error is shown at the number field, which a finished call covers.
      this.events.emit(...this.#move("reset"), this.#errorEvent(this.dialError));
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
    this.#resetCallFlags();
    const activeCall = this.#createCall(request, {
      ringing: (hasEarlyMedia) => this.#onRinging(hasEarlyMedia),
      answered: (at) => this.#onAnswered(at),
      warningsChanged: (warnings) => this.#set({ warnings }),
      deviceLost: (lostDevice) => this.#set({ lostDevice }),
      reconnecting: (isReconnecting) => this.#set({ isReconnecting }),
      ended: (end) => this.#onEnded(end),
    });
    this.#activeCall = activeCall;
    this.events.emit(...this.#move("dial"), ["callStarted", { ...request.details }]);
    this.#notifyChange();
    if (this.#activeCall === activeCall) activeCall.start();
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
      this.events.emit(...this.#move("reset"));
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

  /** Load the SDK and the call stack now, because a call is likely. */
  async preload() {
    const session = this.#session;
    if (!this.isReady || !session) return;
    try {
      await Promise.all([this.#loadCallStack(), this.#env.loadSdk()]);
    } catch (error) {
      if (session === this.#session && this.isReady && !this.isOffline) this.#fail(asProblem(error));
    }
  }

  /**
   * Test what a call needs, without a call (lazy/diagnostics.js). Rejects with Problem if that chunk cannot be loaded.
   * @param {StepListener} [onStep]
   */
  async runDiagnostics(onStep) {
    const env = this.#env;
    const { runDiagnostics } = await env.loadChunk("diagnostics");
    return runDiagnostics(env, onStep, {
      phone: this,
      getSession: () => this.#session,
      createDevice: async () => this.#createDevice((await this.#loadCallStack()).callStack),
      Problem,
    });
  }

  /**
   * Start the call of `request`: in the pop-out if there is one that takes it, otherwise in this page.
   * @param {CallRequest} request
   * @param {CallListener} listener
   * @returns {ActiveCall}
   */
  #createCall(request, listener) {
    const inPopOut = this.#popOut?.createCall(request, listener);
    if (inPopOut) return inPopOut;
    const { details, params = {} } = request;
    return new PendingCall(async () => {
      const { callStack, device } = await this.#loadCallStack();
      if (!this.#session || !device) throw new Problem("connection_failed");
      return new callStack.OutgoingCall({
        ...{ details, params, device, session: this.#session, env: this.#env, listener },
        ensureCanCall: () => this.#ensureCanCall(),
      });
    }, listener);
  }

  /** Load what carries calls and create what it is used through. Rejects with Problem. */
  async #loadCallStack() {
    const callStack = await this.#env.loadChunk("call-stack");
    Object.assign(knownFixes, callStack.fixes);
    this.#callLock ??= new callStack.CallLock(this, this.#env);
    if (this.#session) this.#device ??= this.#createDevice(callStack);
    return { callStack, callLock: this.#callLock, device: this.#device };
  }

  /** @param {Chunks["call-stack"]} callStack */
  #createDevice({ VoiceDevice }) {
    const session = this.#session;
    if (!session) throw new Problem("connection_failed");
    return new VoiceDevice({ loadSdk: this.#env.loadSdk, session, env: this.#env });
  }

  /** Throws Problem if no call may begin in this page now. */
  async #ensureCanCall() {
    if (this.isOffline) throw new Problem("offline");
    const { callStack, callLock } = await this.#loadCallStack();
    const obstacle = callStack.findMicrophoneObstacle(this.#env);
    if (obstacle) throw new Problem(obstacle.code, obstacle);
    if (this.isInCall && !(await callLock.acquire())) throw new Problem("call_elsewhere");
  }

  /** @param {SessionConfig} config */
  #startSession(config) {
    this.#endSession();
    this.events.emit(...this.#move("restart"));
    const obstacle = !this.#env.isIntact ? new Problem("page_interferes") : config.base ? null : missingApiBase();
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
    this.#device?.discard();
    this.#session = null;
    this.#device = null;
    this.#deferredProblem = null;
    this.call = null;
  }

  #onToken() {
    this.#deferredProblem = null;
    this.#device?.updateToken();
    const events = this.#move("sessionReady");
    const hasMoved = events.length > 0;
    if (hasMoved && !this.#isReadyEmitted) {
      this.#isReadyEmitted = true;
      this.events.remember("ready");
      events.push(["ready"]);
    }
    if (hasMoved) this.#env.whenIdle(() => this.preload(), IDLE_TIMEOUT_MS);
    this.events.emit(...events);
    this.#notifyChange();
  }

  #onNetworkChange() {
    // The network is back: the last call, which ended without it, makes way for the next one.
    if (!this.isOffline && this.isReady && this.call?.ended?.problem?.code === "offline") this.reset();
    else this.#notifyChange();
  }

  /** @param {Problem} problem */
  #onTokenError(problem) {
    // The phone never ends a live call: the server does that where it must.
    if (this.isInCall) this.#deferredProblem = problem;
    else this.#fail(problem);
  }

  /** @param {Problem} problem */
  #fail(problem) {
    const events = this.#move("fail");
    if (events.length === 0 && this.problem?.code === problem.code) return;
    if (!this.#session?.isValid) this.#device?.discard();
    this.problem = problem;
    const error = this.#errorEvent(problem);
    this.events.remember(...error);
    this.events.emit(...events, error);
    this.#notifyChange();
  }

  /** @param {boolean} hasEarlyMedia */
  #onRinging(hasEarlyMedia) {
    if (!hasEarlyMedia) this.#ringback.start();
    this.events.emit(...this.#move("ring"));
    this.#notifyChange();
  }

  #onAnswered(answeredAt = this.#env.now()) {
    if (!this.call) return;
    this.#ringback.stop();
    this.call.answeredAt = answeredAt;
    const { number, callId } = this.call;
    const payload = { number, callId, answeredAt: new Date(answeredAt).toISOString() };
    this.events.emit(...this.#move("accept"), ["callAnswered", payload]);
    this.#notifyChange();
  }

  /** @param {CallEnd} end */
  #onEnded(end) {
    const { status, duration, message, problem } = end;
    this.#ringback.stop();
    this.#activeCall = null;
    this.#resetCallFlags();
    if (!this.call) return;
    this.call.ended = end;
    const { number, callId, metadata, name, company, url } = this.call;
    const isNormal = status === "completed" || status === "canceled";
    const events = this.#move(isNormal ? "hangup" : "drop");
    if (problem && !isNormal) events.push(this.#errorEvent(problem));
    const given = withoutEmpty({ message, help: problem?.fix, name, company, url });
    events.push(["callEnded", { number, callId, duration, status, metadata, ...given }]);
    const session = this.#session;
    this.events.emit(...events);
    this.#notifyChange();
    if (session !== this.#session || !this.isReady) return;
    if (this.#deferredProblem) this.#fail(this.#deferredProblem);
    else if (problem?.code === "sdk_load_failed") this.#fail(problem);
  }

  /**
   * The event of `problem`, which is logged to the console once.
   * @param {Problem} problem
   * @returns {EventPair}
   */
  #errorEvent(problem) {
    const { message, code, fix } = problem;
    if (!this.#logged.has(problem)) {
      this.#logged.add(problem);
      const { base } = this.#env;
      // The advice may name a phone number.
      const words = [
        `${message}.`,
        fix?.replace(/\+?\(?\d[\d ()-]{5,}\d/g, "…"),
        base && `${base}/docs/widget-integration#${code}`,
      ];
      console.warn(`EpochPhone: ${words.filter(Boolean).join(" ")}`);
    }
    return ["error", { message, code, ...(fix ? { help: fix } : {}) }];
  }

  #notifyChange() {
    for (const listener of [...this.#changeListeners]) listener();
  }

  /** Forget what holds for one call only. */
  #resetCallFlags() {
    this.isMuted = this.isReconnecting = false;
    this.warnings = new Set();
    this.lostDevice = this.notice = null;
  }

  /** @param {Partial<Pick<Phone, "remoteCall" | "warnings" | "lostDevice" | "isReconnecting">>} changes */
  #set(changes) {
    Object.assign(this, changes);
    this.#notifyChange();
  }

  /**
   * Make one move of the table; the event to emit if the state changed.
   * @param {Move} move
   * @returns {EventPair[]}
   */
  #move(move) {
    const state = nextState(this.state, move);
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
