/** The phone itself: moves the states, tells the events, and holds the session, the line and the call together. */
import { asProblem, Problem } from "./errors.js";
import { Events } from "./events.js";
import { Late } from "./call/pending-call.js";
import { orderOf } from "./call/call-request.js";
import { homeless, Session } from "./session/token-session.js";
import { isInCall, isReady, next } from "./states.js";
import { Tone } from "./call/ringback.js";

const IDLE_TIMEOUT_MS = 4_000;

export class Phone {
  state = "loading";
  /** What is wrong while the state is `error`, else null. */
  problem = null;
  /** The call now, or the last one: `{number, callId, …, answeredAt, ended}`, or null. */
  call = null;
  /** Why the last `dial` was turned down, until the next one. */
  complaint = null;
  /** What is to be said about the present call besides, as a Problem, or null. */
  aside = null;
  muted = false;
  reconnecting = false;
  /** What the SDK warns of in this call, by its names. */
  warnings = new Set();
  /** The device that was unplugged in this call: `microphone`, `speaker`, or null. */
  lost = null;
  /** The call in another tab of this site: `{number, answeredAt, hangup()}`, or null. */
  elsewhere = null;
  events;
  #env;
  #config = null;
  #session = null;
  #line = null;
  #attempt = null;
  #tone;
  #tabs = null;
  #popOut = null;
  #announced = false;
  #pending = null;
  #watchers = new Set();

  constructor(env) {
    this.#env = env;
    this.events = new Events(env.window);
    this.#tone = new Tone(env);
  }

  /** Call `changed()` after everything a view or a mirror may show has changed; returns the way to stop. */
  watch(changed) {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  /**
   * Where an order becomes a call: `{start(), hangup(), mute(on), sendDigit(digit)}` that tells `on` (see Attempt) how
   * it goes. Here in this page; whoever keeps calls elsewhere, as in a window of its own, puts another function here.
   */
  placeCall = ({ details, params }, on) =>
    new Late(async () => {
      const { Attempt } = await this.#calling();
      const admit = () => this.#admit();
      return new Attempt({ details, params, on, line: this.#line, session: this.#session, env: this.#env, admit });
    }, on);

  /** The window that calls may live in (apart/pop-out.js), for a page with `settings`. Raises Problem. */
  async popOut(settings) {
    const env = this.#env;
    const { PopOut } = await env.loadChunk("pop-out");
    const hold = async () => {
      await this.#calling();
      return this.#tabs.hold();
    };
    this.#popOut ??= new PopOut(env, { phone: this, session: () => this.#session, hold, Problem });
    this.#popOut.settings = settings;
    return this.#popOut;
  }

  /** Show the call that another tab has (see `elsewhere`), or that it has none. */
  mirror(elsewhere) {
    this.#show({ elsewhere });
  }

  /** The exchange's last answer, or null. */
  get account() {
    return this.#session?.data ?? null;
  }

  /** The SDK's devices while there is a call, else null. */
  get audio() {
    return this.#line?.audio ?? null;
  }

  get isReady() {
    return isReady(this.state);
  }

  get isInCall() {
    return isInCall(this.state);
  }

  /** Whether the call is carried by a window of its own, which this page may leave. */
  get isApart() {
    return Boolean(this.#attempt?.isApart);
  }

  /** Whether a call may be tried: also when only the SDK's chunk was missing the last time. */
  get canDial() {
    return isReady(this.state) || (this.problem?.code === "sdk_load_failed" && Boolean(this.#session?.alive));
  }

  /** Begin with `config` `{token, ticket?, base}`; a phone in use hangs up and begins anew. */
  start(config) {
    this.#config = config;
    this.#env.base = config.base;
    this.#announced = false;
    this.events.forget("ready");
    this.#begin();
  }

  /** Hang up and go back to waiting for `start`. */
  stop() {
    this.#end();
    this.#popOut?.stop();
    this.#config = null;
    this.events.emit(...this.#move("restart"));
    this.events.clear();
  }

  /** Place a call; false, with an `error` event where the number is at fault, when none was begun. */
  dial(typed, metadata = null) {
    if (!this.canDial) return false;
    this.complaint = null;
    let order;
    try {
      order = orderOf(typed, metadata, this.account, this.#env);
    } catch (error) {
      this.complaint = asProblem(error);
      this.events.emit(["error", told(this.complaint)]);
      this.#changed();
      return false;
    }
    this.place(order);
    return true;
  }

  /** Begin the call of `order` (see orderOf): made by `dial`, or by who else lets this phone call. */
  place(order) {
    this.call = { ...order.details, answeredAt: null, ended: null };
    this.#calm();
    const attempt = this.placeCall(order, {
      ringing: (hasEarlyMedia) => this.#ringing(hasEarlyMedia),
      answered: (at) => this.#answered(at),
      quality: (warnings) => this.#show({ warnings }),
      lost: (lost) => this.#show({ lost }),
      reconnecting: (reconnecting) => this.#show({ reconnecting }),
      ended: (end) => this.#ended(end),
    });
    this.#attempt = attempt;
    this.events.emit(...this.#move("dial"), ["callStarted", { ...order.details }]);
    this.#changed();
    if (this.#attempt === attempt) attempt.start();
  }

  hangup() {
    this.#attempt?.hangup();
  }

  reset() {
    this.hangup();
    this.complaint = null;
    if (this.state === "error") this.#begin();
    else if (this.state !== "ready" && next(this.state, "reset")) {
      this.call = null;
      this.events.emit(...this.#move("reset"));
    }
    this.#changed();
  }

  mute(on) {
    if (!this.#attempt || this.muted === on) return;
    this.#attempt.mute(on);
    this.muted = on;
    this.events.emit(["muted", { muted: on }]);
    this.#changed();
  }

  sendDigit(digit) {
    if (this.state === "in-progress") this.#attempt.sendDigit(digit);
  }

  /** Whether the browser knows that it has no network. */
  get isOffline() {
    return this.#env.navigator.onLine === false;
  }

  /** Fetch the SDK's chunk now, because a call is likely. */
  async prepare() {
    const session = this.#session;
    if (!this.isReady || !session) return;
    try {
      await Promise.all([this.#calling(), this.#env.loadSdk()]);
    } catch (problem) {
      if (session === this.#session && this.isReady && !this.isOffline) this.#fail(problem);
    }
  }

  /** Try what a call needs, without a call: see apart/check.js. Raises Problem when that part cannot be loaded. */
  async check(told) {
    const env = this.#env;
    const { check } = await env.loadChunk("diagnostics");
    return check(env, told, {
      phone: this,
      session: () => this.#session,
      newLine: async () => this.#newLine(await this.#calling()),
      Problem,
    });
  }

  /** What carries calls (apart/calling.js). Raises Problem when it cannot be loaded. */
  async #calling() {
    const calling = await this.#env.loadChunk("call-stack");
    this.#tabs ??= new calling.Tabs(this, this.#env);
    if (this.#session) this.#line ??= this.#newLine(calling);
    return calling;
  }

  #newLine({ Line }) {
    return new Line({ loadSdk: this.#env.loadSdk, session: this.#session, env: this.#env });
  }

  /** Raises Problem when no call may begin in this page now. */
  async #admit() {
    if (this.isOffline) throw new Problem("offline");
    const { microphoneBarrier } = await this.#calling();
    const barrier = microphoneBarrier(this.#env);
    if (barrier) throw new Problem(barrier.code, barrier);
    if (this.isInCall && !(await this.#tabs.hold())) throw new Problem("call_elsewhere");
  }

  #begin() {
    this.#end();
    this.events.emit(...this.#move("restart"));
    const hopeless = !this.#env.isIntact ? new Problem("page_interferes") : this.#config.base ? null : homeless();
    if (hopeless) {
      this.#fail(hopeless);
      return;
    }
    const session = new Session(this.#config, this.#env, {
      granted: () => session === this.#session && this.#granted(),
      refused: (problem) => session === this.#session && this.#refused(problem),
      network: () => this.#changed(),
    });
    this.#session = session;
    session.start();
    this.#changed();
  }

  #end() {
    this.hangup();
    this.#session?.stop();
    this.#line?.discard();
    this.#session = null;
    this.#line = null;
    this.#pending = null;
    this.call = null;
  }

  #granted() {
    this.#pending = null;
    this.#line?.updateToken();
    const events = this.#move("sessionReady");
    if (events.length > 0 && !this.#announced) {
      this.#announced = true;
      this.events.remember("ready");
      events.push(["ready"]);
    }
    if (events.length > 0) this.#env.whenIdle(() => this.prepare(), IDLE_TIMEOUT_MS);
    this.events.emit(...events);
    this.#changed();
  }

  #refused(problem) {
    // A live call is never cut from here: the server does that where it must.
    if (this.isInCall) this.#pending = problem;
    else this.#fail(problem);
  }

  #fail(problem) {
    const events = this.#move("fail");
    if (events.length === 0 && this.problem?.code === problem.code) return;
    if (!this.#session?.alive) this.#line?.discard();
    this.problem = problem;
    this.events.remember("error", told(problem));
    this.events.emit(...events, ["error", told(problem)]);
    this.#changed();
  }

  #ringing(hasEarlyMedia) {
    if (!hasEarlyMedia) this.#tone.start();
    this.events.emit(...this.#move("ring"));
    this.#changed();
  }

  #answered(at = this.#env.now()) {
    this.#tone.stop();
    this.call.answeredAt = at;
    const { number, callId } = this.call;
    const answeredAt = new Date(this.call.answeredAt).toISOString();
    this.events.emit(...this.#move("accept"), ["callAnswered", { number, callId, answeredAt }]);
    this.#changed();
  }

  #ended(end) {
    const { status, duration, message, problem } = end;
    this.#tone.stop();
    this.#attempt = null;
    this.#calm();
    this.call.ended = end;
    const { number, callId, metadata } = this.call;
    const events = this.#move(status === "completed" || status === "canceled" ? "hangup" : "drop");
    if (problem) events.push(["error", told(problem)]);
    events.push(["callEnded", { number, callId, duration, status, ...(message ? { message } : {}), metadata }]);
    const session = this.#session;
    this.events.emit(...events);
    this.#changed();
    if (session !== this.#session || !this.isReady) return;
    if (this.#pending) this.#fail(this.#pending);
    else if (problem?.code === "sdk_load_failed") this.#fail(problem);
  }

  #changed() {
    for (const changed of [...this.#watchers]) changed();
  }

  /** Forget what was true of one call only. */
  #calm() {
    this.muted = this.reconnecting = false;
    this.warnings = new Set();
    this.lost = this.aside = null;
  }

  #show(change) {
    Object.assign(this, change);
    this.#changed();
  }

  /** Make one move of the table; the event to emit, if the state changed. */
  #move(move) {
    const state = next(this.state, move);
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

const told = (problem) => ({ message: asProblem(problem).message, code: problem.code });
