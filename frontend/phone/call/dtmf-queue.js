/** Queues the digits of a call: a browser drops tones that still wait when new ones are inserted. */

// The SDK's tone of 160 ms and its gap of 70 ms.
const DIGIT_MS = 230;
// A busy machine starts tones late: the tones that play must be over before more are inserted.
const MARGIN_MS = 200;

export class DtmfQueue {
  #waiting = "";
  /** @type {ReturnType<typeof setTimeout> | null} */
  #timer = null;
  #send;

  /** @param {(digits: string) => void} send Sounds one or more digits, one after the other. */
  constructor(send) {
    this.#send = send;
  }

  /** @param {string} digit */
  push(digit) {
    this.#waiting += digit;
    if (this.#timer === null) this.#sendNext();
  }

  /** Forget the digits that were not sent yet. */
  clear() {
    clearTimeout(this.#timer ?? undefined);
    this.#waiting = "";
    this.#timer = null;
  }

  #sendNext() {
    const digits = this.#waiting;
    this.#waiting = "";
    this.#timer = digits ? setTimeout(() => this.#sendNext(), DIGIT_MS * digits.length + MARGIN_MS) : null;
    if (digits) this.#send(digits);
  }
}
