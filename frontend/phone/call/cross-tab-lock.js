/** One call at a time across the tabs of a site: a lock says who has it, a channel lets the others show it. */
const LOOK_MS = 1_000;

export class Tabs {
  #phone;
  #env;
  #name = null;
  #channel = null;
  #isAway = false;
  /** The id of the call that may go on here, and how to give its lock back. */
  #mine = null;
  #release = () => {};
  #released = null;
  #told = "null";
  #shown = null;
  #watch = 0;

  /** `phone` is the page's phone: what changes there is told, and what happens elsewhere becomes its `elsewhere`. */
  constructor(phone, env) {
    this.#phone = phone;
    this.#env = env;
    phone.watch(() => this.#changed());
    env.window.addEventListener("pagehide", () => this.#leave());
    env.window.addEventListener("pageshow", () => {
      this.#isAway = false;
      this.#changed();
    });
    this.#changed();
  }

  /**
   * Take the site's one call for the phone's present one; false when another tab has it. Frames without an origin, and
   * browsers without locks, always may: the server's own limit holds there too.
   */
  async hold() {
    const { callId } = this.#phone.call;
    // The lock of this tab's last call may still be on its way back.
    await this.#released;
    const isFree = await new Promise((resolve) => {
      this.#released = this.#lock((isGranted) => {
        resolve(isGranted);
        if (!isGranted || this.#callId !== callId) return null;
        this.#mine = callId;
        return new Promise((release) => {
          this.#release = release;
        });
      });
    });
    this.#changed();
    return isFree;
  }

  get #callId() {
    return this.#phone.isInCall ? this.#phone.call.callId : null;
  }

  /** Resolves when the lock is given back: when what `taken(isGranted)` returns is over. */
  async #lock(taken) {
    try {
      await this.#env.navigator.locks.request(this.#name, { ifAvailable: true }, (lock) => taken(Boolean(lock)));
    } catch {
      taken(true);
    }
  }

  #changed() {
    const { account, isInCall } = this.#phone;
    this.#join(this.#isAway ? null : account ? `epochphone:${account.organization}` : isInCall ? this.#name : null);
    if (this.#mine && this.#mine !== this.#callId) this.#free();
    // A call in a window of its own goes on when this page is left.
    const change = isInCall && !this.#phone.isApart ? "addEventListener" : "removeEventListener";
    this.#env.window[change]("beforeunload", ask);
    this.#tell();
  }

  #free() {
    this.#mine = null;
    this.#release();
  }

  /** Listen where the tabs of this organization's phones talk, or nowhere: what is said to a kept page evicts it. */
  #join(name) {
    if (name === this.#name) return;
    this.#name = name;
    this.#channel?.close();
    this.#channel = null;
    this.#show(null);
    const { BroadcastChannel } = this.#env.window;
    if (!name || !BroadcastChannel) return;
    this.#channel = new BroadcastChannel(name);
    this.#channel.addEventListener("message", ({ data }) => this.#heard(data ?? {}));
    this.#channel.postMessage({ ask: true });
  }

  #leave() {
    if (this.#mine) this.#channel?.postMessage({ over: this.#mine });
    // A call in a window of its own goes on, led by the page that comes next: this one may be kept, lock and all.
    if (this.#phone.isApart) this.#free();
    this.#told = "null";
    this.#isAway = true;
    this.#join(null);
  }

  #tell() {
    const { number, callId, answeredAt } = this.#phone.call ?? {};
    const call = this.#mine ? { number, callId, answeredAt } : null;
    const told = JSON.stringify(call);
    if (told === this.#told) return;
    const over = JSON.parse(this.#told)?.callId;
    this.#told = told;
    this.#channel?.postMessage(call ? { call } : { over });
  }

  #heard({ ask: isAsked, call, over, hangUp }) {
    if (isAsked && this.#mine) this.#channel.postMessage({ call: JSON.parse(this.#told) });
    if (typeof call?.number === "string") this.#show(call);
    if (over && over === this.#shown?.callId) this.#show(null);
    if (hangUp && hangUp === this.#mine) this.#phone.hangup();
  }

  #show(call) {
    if (!call && !this.#shown) return;
    this.#shown = call;
    clearInterval(this.#watch);
    // A tab that crashed says nothing, but its lock is free.
    if (call) this.#watch = setInterval(() => this.#look(), LOOK_MS);
    const hangup = () => this.#channel?.postMessage({ hangUp: call.callId });
    this.#phone.mirror(call && { number: call.number, answeredAt: Number(call.answeredAt) || null, hangup });
  }

  async #look() {
    const name = this.#name;
    const { held } = await this.#env.navigator.locks.query();
    if (name === this.#name && !held.some((lock) => lock.name === name)) this.#show(null);
  }
}

function ask(event) {
  event.preventDefault();
  // Older browsers ask for this alone.
  event.returnValue = true;
}
