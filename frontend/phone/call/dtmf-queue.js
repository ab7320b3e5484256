/** Queues the digits of a call: a browser drops tones that still wait when new ones are inserted. */

// The SDK's tone of 160 ms and its gap of 70 ms.
const DIGIT_MS = 230;
// A busy machine starts tones late: the tones that play must be over before more are inserted.
const MARGIN_MS = 200;
// As long as a comma in a number is on other telephones.
const PAUSE_MS = 2_000;

export class DtmfQueue {
  #waiting = "";
  /** @type {ReturnType<typeof setTimeout> | null} */
  #timer = null;
  #isPaused = false;
  #send;
  #onIdle;

  /**
   * @param {(digits: string) => void} send Sounds one or more digits, one after the other.
   * @param {() => void} [onIdle] Called when all that was pushed is over.
   */
  constructor(send, onIdle = () => {}) {
    this.#send = send;
    this.#onIdle = onIdle;
  }

  /** @param {string} digits With a comma for each pause. */
  push(digits) {
    this.#waiting += digits;
    if (this.#timer === null) this.#sendNext();
  }

  /**
   * Keep what was not sent yet until `isPaused` is false.
   * @param {boolean} isPaused
   */
  setPaused(isPaused) {
    this.#isPaused = isPaused;
    if (!isPaused && this.#timer === null && this.#waiting) this.#sendNext();
  }

  /** Forget the digits that were not sent yet. */
  clear() {
    clearTimeout(this.#timer ?? undefined);
    this.#waiting = "";
    this.#timer = null;
  }

  #sendNext() {
    this.#timer = null;
    if (this.#isPaused && this.#waiting) return;
    const [next = ""] = /^(?:,|[^,]+)/.exec(this.#waiting) ?? [];
    this.#waiting = this.#waiting.slice(next.length);
    const isPause = next === ",";
    const duration = isPause ? PAUSE_MS : DIGIT_MS * next.length + MARGIN_MS;
    if (next) this.#timer = setTimeout(() => this.#sendNext(), duration);
    if (next && !isPause) this.#send(next);
    else if (!next) this.#onIdle();
  }
}
