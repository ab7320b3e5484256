/** One outgoing call, from the dial to its single end. */
import { Digits } from "./dtmf-queue.js";
import { asProblem, Problem } from "../errors.js";
import { outcomeOf } from "./call-result.js";

const CONNECT_TIMEOUT_MS = 15_000;
const SIGNALING_TIMEOUT_MS = 30_000;
const WATCH_MS = 1_000;
// The carrier's words for a token it does not take (any more).
const TOKEN_CODES = new Set([20101, 20104, 20151, 31201, 31202, 31204, 31205, 31207]);

export class Attempt {
  #details;
  #params;
  #line;
  #session;
  #env;
  #admit;
  #on;
  #call = null;
  #answeredAt = 0;
  #over = false;
  #ending = false;
  #muted = false;
  #tokenRefused = false;
  #carrierError = null;
  #giveUp = () => {};
  #unwatch = () => {};
  #patience = 0;
  #watch = 0;
  #warnings = new Set();
  #digits = new Digits((digits) => this.#call.sendDigits(digits));

  /**
   * `admit()` raises Problem when no call may begin now.
   * `on`: `ringing(hasEarlyMedia)`, `answered()`, `quality(warnings)` (the SDK's names),
   * `lost("microphone" | "speaker")` (unplugged), `reconnecting(isOn)`, and exactly once
   * `ended({status, duration, message, problem, theirs})`, duration in seconds.
   */
  constructor({ details, params, line, session, env, admit, on }) {
    this.#details = details;
    this.#params = params;
    this.#line = line;
    this.#session = session;
    this.#env = env;
    this.#admit = admit;
    this.#on = on;
  }

  get isMuted() {
    return this.#muted;
  }

  async start() {
    this.#line.listen({
      error: (error) => this.#deviceFailed(error),
      microphone: (problem) => this.#microphoneFailed(problem),
      lost: (kind) => this.#on.lost(kind),
      destroyed: () => this.#ended(),
    });
    try {
      await this.#admit();
      if (!this.#over) await this.#session.fresh();
      if (!this.#over) await this.#connect();
    } catch (error) {
      const problem = asProblem(error, "connection_failed");
      this.#finish(problem.refused ? "refused" : "failed", { problem });
    }
  }

  hangup() {
    if (this.#over) return;
    this.#finish(this.#answeredAt ? "completed" : "canceled");
    if (this.#call) this.#call.disconnect();
    else this.#line.discard();
    this.#line.release();
  }

  mute(on) {
    this.#muted = on;
    this.#call?.mute(on);
  }

  sendDigit(digit) {
    if (this.#answeredAt && !this.#over) this.#digits.push(digit);
  }

  async #connect() {
    try {
      await this.#dial();
    } catch (error) {
      if (this.#over) return;
      this.#line.discard();
      if (!this.#tokenRefused) throw error;
      // The token was refused and the carrier closed the line: once more with a new token.
      this.#tokenRefused = false;
      await this.#session.refresh();
      await this.#dial();
    }
  }

  async #dial() {
    const device = await this.#line.open();
    if (this.#over) return;
    // connect() alone may never settle: no socket, a token refused, a page policy.
    const trouble = new Promise((_, reject) => {
      this.#giveUp = reject;
    });
    const timer = setTimeout(() => this.#giveUp(new Problem("connection_failed")), CONNECT_TIMEOUT_MS);
    this.#unwatch();
    this.#unwatch = this.#env.policy.watchSockets(this.#session.data.signaling, (fix) => {
      if (!this.#answeredAt) this.#giveUp(new Problem("connection_failed", { fix }));
    });
    try {
      const call = await Promise.race([device.connect({ params: this.#params }), trouble]);
      if (this.#over) call.disconnect();
      else this.#follow(call);
    } finally {
      clearTimeout(timer);
    }
  }

  #follow(call) {
    this.#call = call;
    if (this.#muted) call.mute(true);
    this.#giveUp = (problem) => this.#abandon(problem);
    this.#armPatience();
    call.on("ringing", (hasEarlyMedia) => {
      clearTimeout(this.#patience);
      if (!this.#over && !this.#answeredAt) this.#on.ringing(Boolean(hasEarlyMedia));
    });
    call.on("accept", () => {
      clearTimeout(this.#patience);
      if (this.#over || this.#answeredAt) return;
      this.#answeredAt = this.#env.now();
      if (this.#muted) call.mute(true);
      this.#on.answered();
    });
    for (const event of ["disconnect", "cancel", "reject"]) {
      call.on(event, () => this.#ended({ theirs: !this.#carrierError }));
    }
    call.on("error", (error) => {
      this.#carrierError = error;
    });
    call.on("reconnecting", () => this.#over || this.#on.reconnecting(true));
    call.on("reconnected", () => this.#over || this.#on.reconnecting(false));
    call.on("warning", (name) => this.#warn(name, true));
    call.on("warning-cleared", (name) => this.#warn(name, false));
    // Some line drops close the call without any event.
    this.#watch = setInterval(() => {
      if (call.status() === "closed") this.#ended();
    }, WATCH_MS);
  }

  #armPatience() {
    this.#patience = setTimeout(() => {
      if (this.#line.isAskingForMicrophone) this.#armPatience();
      else this.#abandon(new Problem("connection_failed"));
    }, SIGNALING_TIMEOUT_MS);
  }

  #deviceFailed(error) {
    if (this.#over || this.#ending || !TOKEN_CODES.has(error?.code)) return;
    if (this.#answeredAt) {
      this.#line.updateToken({ isRefused: true });
      return;
    }
    if (this.#tokenRefused) {
      this.#giveUp(new Problem("connection_failed"));
      return;
    }
    this.#tokenRefused = true;
    this.#session.refresh().catch((problem) => this.#giveUp(problem));
  }

  #microphoneFailed(problem) {
    if (this.#answeredAt || this.#over) return;
    this.#abandon(problem);
  }

  /** End before the answer for a reason of our own. */
  #abandon(problem) {
    if (this.#over || this.#ending) return;
    this.#finish("failed", { problem });
    this.#call?.disconnect();
    this.#line.discard();
    this.#line.release();
  }

  /** The carrier ended the call: completed when it was answered, else the server knows why. */
  async #ended({ theirs = false } = {}) {
    if (this.#over || this.#ending) return;
    this.#ending = true;
    if (this.#answeredAt) {
      this.#finish("completed", { theirs });
      this.#line.release();
      // The carrier also ends the calls of a phone that may call no more: its panel should say so.
      this.#session.check();
      return;
    }
    let outcome;
    try {
      outcome = outcomeOf(await this.#session.outcome(this.#details.callId), this.#carrierError);
    } catch (problem) {
      this.#finish("refused", { problem });
    }
    if (outcome && !this.#over) this.#finish(outcome.status, { ...outcome, problem: problemOf(outcome) });
    this.#line.release();
  }

  #finish(status, { problem = null, message = null, theirs = false } = {}) {
    if (this.#over) return;
    this.#over = true;
    this.#line.listen(null);
    this.#unwatch();
    this.#digits.clear();
    clearTimeout(this.#patience);
    clearInterval(this.#watch);
    const connected = this.#answeredAt ? Math.round((this.#env.now() - this.#answeredAt) / 1000) : 0;
    this.#on.ended({ status, duration: connected, message: problem?.message ?? message, problem, theirs });
  }

  #warn(name, isOn) {
    if (this.#over) return;
    if (isOn) this.#warnings.add(name);
    else this.#warnings.delete(name);
    this.#on.quality(this.#warnings);
  }
}

function problemOf({ status, message, code }) {
  if (status === "refused") return new Problem(code ?? "call_refused", { message: message ?? undefined });
  if (status === "failed") return new Problem(code ?? "call_failed", { message: message ?? undefined });
  return null;
}
