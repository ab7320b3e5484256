/** Queues a call's DTMF digits, because a browser drops tones that it has not played yet when new ones are inserted. */

// The SDK's tone of 160 ms and its gap of 70 ms.
const DIGIT_MS = 230;
// A busy machine starts tones late, and the tones must end before more are inserted.
const MARGIN_MS = 200;
// The pause for a comma in a number, as on other telephones.
const PAUSE_MS = 2_000;

export class DtmfQueue {
  #unsent = "";
  /** @type {ReturnType<typeof setTimeout> | null} */
  #timer = null;
  #isSuspended = false;
  #send;
  #onIdle;

  /**
   * @param {(digits: string) => void} send Plays one or more digits, one after the other.
   * @param {() => void} [onIdle] Called when the last digit or pause has ended.
   */
  constructor(send, onIdle = () => {}) {
    this.#send = send;
    this.#onIdle = onIdle;
  }

  /** @param {string} digits With a comma for each pause of 2 s. */
  push(digits) {
    this.#unsent += digits;
    if (this.#timer === null) this.#sendNext();
  }

  /**
   * Send nothing while `isSuspended`; what was not sent yet stays in the queue.
   * @param {boolean} isSuspended
   */
  setSuspended(isSuspended) {
    this.#isSuspended = isSuspended;
    if (!isSuspended && this.#timer === null && this.#unsent) this.#sendNext();
  }

  /** Forget the digits that were not sent yet. */
  clear() {
    clearTimeout(this.#timer ?? undefined);
    this.#unsent = "";
    this.#timer = null;
  }

  #sendNext() {
    this.#timer = null;
    if (this.#isSuspended && this.#unsent) return;
    const [next = ""] = /^(?:,|[^,]+)/.exec(this.#unsent) ?? [];
    this.#unsent = this.#unsent.slice(next.length);
    const isPause = next === ",";
    const duration = isPause ? PAUSE_MS : DIGIT_MS * next.length + MARGIN_MS;
    if (next) this.#timer = setTimeout(() => this.#sendNext(), duration);
    if (next && !isPause) this.#send(next);
    else if (!next) this.#onIdle();
  }
}
