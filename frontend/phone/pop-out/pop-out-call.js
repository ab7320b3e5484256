/** A call that another window carries, as the phone of this page has it: the counterpart of Attempt. */
const ANSWER_MS = 15_000;
const LOOK_MS = 500;
// Nobody closes a window faster; a policy that separates it from its page shows it as closed.
const AT_ONCE_MS = 1_500;

export class Remote {
  isApart = true;
  isOver = false;
  #order;
  #on;
  #of;
  /** The last picture that the window gave, or null. */
  #seen = null;
  #answeredAt = 0;
  #isMuted = false;
  #isHeld = false;
  #watch = 0;

  /**
   * `order` without `params` is a call that goes on already. `on` as for an Attempt; `of` has the `phone`, its
   * `session()`, `hold()`, `Problem` and `env`, and of the window `say(message)` and `isGone()`; `over(callId)` is told
   * of the end, `apart()` that the window was gone as soon as it was opened.
   */
  constructor(order, on, of) {
    this.#order = order;
    this.#on = on;
    this.#of = of;
  }

  /** Whether the window has yet to hear of it. */
  get isWaiting() {
    return this.#isHeld && !this.isOver && !this.#seen && Boolean(this.#order.params);
  }

  get order() {
    // What JSON leaves out of the metadata, a message could not carry.
    return JSON.parse(JSON.stringify({ dial: this.#order }));
  }

  async start() {
    const { env, hold, Problem, say } = this.#of;
    const begun = env.now();
    this.#watch = setInterval(() => this.#look(env.now() - begun), LOOK_MS);
    try {
      const isFree = await hold();
      if (!isFree && this.#order.params) throw new Problem("call_elsewhere");
    } catch (problem) {
      this.#fail(problem);
      return;
    }
    this.#isHeld = true;
    if (this.isWaiting) say(this.order);
  }

  hangup() {
    this.#of.say({ hangup: this.#order.details.callId });
    this.#end(this.#answeredAt ? "completed" : "canceled");
  }

  mute(on) {
    this.#isMuted = on;
    this.#of.say({ mute: on });
  }

  sendDigit(digit) {
    this.#of.say({ digit });
  }

  /** Tell this page's phone what is new in `picture` (see frontend/window/link.js). */
  follow(picture) {
    if (this.isOver) return;
    const { phone, say } = this.#of;
    const before = this.#seen ?? { warnings: [], muted: false, lost: null, reconnecting: false };
    const isFirst = !this.#seen;
    this.#seen = picture;
    if (picture.state === "ringing" && phone.state === "dialing") this.#on.ringing(true);
    if (picture.answeredAt && !this.#answeredAt) {
      this.#answeredAt = picture.answeredAt;
      this.#on.answered(picture.answeredAt);
    }
    // A listener may have hung up.
    if (this.isOver) return;
    if (isFirst && this.#isMuted) say({ mute: true });
    // Only what the window has changed: what this page has changed may still be on its way there.
    else if (picture.muted !== before.muted) phone.mute(picture.muted);
    if (picture.lost !== before.lost) this.#on.lost(picture.lost);
    if (picture.reconnecting !== before.reconnecting) this.#on.reconnecting(picture.reconnecting);
    if (String(picture.warnings) !== String(before.warnings)) this.#on.quality(new Set(picture.warnings));
    if (picture.ended) this.#follows(picture.ended);
  }

  #look(age) {
    const { isGone, apart, Problem } = this.#of;
    if (this.#seen) {
      if (isGone()) this.vanish();
    } else if (isGone() || age > ANSWER_MS) {
      if (isGone() && age < AT_ONCE_MS) apart();
      this.#fail(new Problem("window_lost"));
    }
  }

  /** The window has no such call any more, or is gone itself. */
  vanish() {
    if (this.#seen) this.#end(this.#answeredAt ? "completed" : "canceled");
  }

  /** The window works for another page's token. */
  refuse() {
    if (!this.#seen) this.#fail(new this.#of.Problem("call_elsewhere"));
  }

  #follows({ problem, ...end }) {
    const { Problem, session } = this.#of;
    const told = problem && new Problem(problem.code, { message: problem.message, fix: problem.advice });
    this.#finish({ ...end, problem: told });
    // What ended it there may concern this page's own token too.
    if (end.status === "refused" || end.theirs) session()?.check();
  }

  #fail(problem) {
    this.#end("failed", problem);
  }

  #end(status, problem = null) {
    const { now } = this.#of.env;
    const duration = this.#answeredAt ? Math.round((now() - this.#answeredAt) / 1000) : 0;
    this.#finish({ status, duration, message: problem?.message ?? null, problem, theirs: false });
  }

  #finish(end) {
    if (this.isOver) return;
    this.isOver = true;
    clearInterval(this.#watch);
    this.#of.over(this.#order.details.callId);
    this.#on.ended(end);
  }
}
