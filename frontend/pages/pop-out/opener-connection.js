/** What joins the window to the page that opened it: found again after that page was left, trusted by its origin alone. */
const SEARCH_MS = 300;
const REMIND_MS = 2_000;
const RENEW_AGAIN_MS = 30_000;
const MOST_UNHEARD = 20;

export class Link {
  #phone;
  #begin;
  #page;
  #now;
  #port = null;
  #name = null;
  #token = null;
  #settings = {};
  /** An order that waits for this window's phone to be ready. */
  #waiting = null;
  /** Pictures of calls whose end no page has heard yet. */
  #unheard = [];
  #told = "null";
  #noted = null;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #timer = 0;
  #closed;

  /**
   * `page` is `{opener, origin}`: the window that opened this one, and the origin that it said it has. `begin(config)`
   * starts `phone` with a token. `closed()` is told that the page wants this window no more.
   */
  constructor(phone, { page, begin, now, closed }) {
    this.#phone = phone;
    this.#begin = begin;
    this.#page = page;
    this.#now = now;
    this.#closed = closed;
    phone.watch(() => this.#changed());
  }

  /** Whether a page has ever given its token. */
  get isJoined() {
    return this.#token !== null;
  }

  /** Say again and again that this window is there: a page that was just opened in the opener's place answers. */
  search() {
    this.#page.opener.postMessage({ epochphone: "window", link: this.#name }, this.#page.origin);
    const isSought = !this.#port && (this.#phone.isInCall || !this.isJoined || this.#unheard.length > 0);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.search(), isSought ? SEARCH_MS : REMIND_MS);
  }

  /** Take the token and the port of the page; everything else that is posted to this window is not for it. */
  met({ source, origin, data, ports }) {
    if (source !== this.#page.opener || origin !== this.#page.origin) return;
    if (data?.epochphone !== "page" || typeof data.token !== "string" || !ports[0]) return;
    const [port] = ports;
    if (this.isJoined && data.token !== this.#token && this.#phone.isInCall) {
      port.postMessage({ busy: true });
      return;
    }
    this.#port?.close();
    this.#port = port;
    this.#name = data.link;
    port.onmessage = (message) => port === this.#port && this.#ordered(message.data);
    port.addEventListener("close", () => this.#left(port));
    this.#settings = data.settings;
    if (data.token !== this.#token || this.#phone.state === "error") this.#start(data.token, data.ticket);
    for (const picture of this.#unheard) this.#say({ call: picture });
    this.#told = "";
    this.#changed();
  }

  #start(token, ticket) {
    this.#token = token;
    this.#begin({ ...this.#settings, token, ticket });
  }

  #left(port) {
    if (port !== this.#port) return;
    this.#port = this.#name = null;
    this.search();
  }

  #say(message) {
    this.#port?.postMessage(message);
  }

  #ordered({ dial, hangup, mute, digit, heard, ticket, close }) {
    const phone = this.#phone;
    if (dial) {
      this.#waiting = dial;
      this.#changed();
    }
    if (hangup) {
      if (this.#waiting?.details.callId === hangup) this.#waiting = null;
      if (phone.call?.callId === hangup) phone.hangup();
    }
    if (mute !== undefined) phone.mute(mute);
    if (digit) phone.sendDigit(digit);
    if (heard) this.#unheard = this.#unheard.filter(({ details }) => details.callId !== heard);
    if (ticket && phone.state === "error") this.#start(this.#token, ticket);
    if (close) {
      phone.hangup();
      this.#closed();
    }
  }

  #changed() {
    this.#renew();
    this.#dial();
    this.#tell();
  }

  /** Carry out the waiting order, as soon as it is known whether this phone can. */
  #dial() {
    const phone = this.#phone;
    const order = this.#waiting;
    if (!order || phone.state === "loading") return;
    this.#waiting = null;
    if (phone.canDial) {
      phone.place(order);
      return;
    }
    const problem = phone.isInCall ? { code: "call_elsewhere" } : { ...phone.problem, message: phone.problem.message };
    const status = problem.refused ? "refused" : "failed";
    const ended = { status, duration: 0, message: problem.message ?? null, theirs: false, problem: plain(problem) };
    this.#say({ call: { details: order.details, state: "failed", answeredAt: null, ended, ...CALM } });
  }

  #tell() {
    const { call, state, muted, lost, reconnecting, warnings } = this.#phone;
    let picture = null;
    if (call) {
      const { answeredAt, ended, ...details } = call;
      const end = ended && { ...ended, problem: ended.problem && plain(ended.problem) };
      picture = { details, state, answeredAt, ended: end, muted, lost, reconnecting, warnings: [...warnings] };
    }
    if (picture?.ended && this.#noted !== call) {
      this.#noted = call;
      this.#unheard = [...this.#unheard, picture].slice(-MOST_UNHEARD);
    }
    // A call that ended is told until it was heard, then there is none.
    const isKnown = picture?.ended && !this.#unheard.some(({ details }) => details.callId === picture.details.callId);
    const shown = isKnown ? null : picture;
    const told = JSON.stringify(shown);
    if (told === this.#told) return;
    this.#told = told;
    this.#say({ call: shown });
  }

  /** The ticket is over, as after a long sleep: the page can get another one. */
  #renew() {
    const { state, problem } = this.#phone;
    if (state !== "error" || problem?.code !== "domain_not_allowed" || !this.#port) return;
    if (this.#now() - this.#renewedAt < RENEW_AGAIN_MS) return;
    this.#renewedAt = this.#now();
    this.#say({ renew: true });
  }
}

const CALM = { muted: false, lost: null, reconnecting: false, warnings: [] };

/** A problem as a message can hold it. */
const plain = ({ code, message, advice }) => ({ code, message, advice });
