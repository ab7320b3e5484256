/** The digits of a call, one after another: a browser drops the tones that still wait when new ones come. */

// The SDK's tone of 160 ms and its gap of 70 ms, and a little.
const DIGIT_MS = 250;

export class Digits {
  #waiting = [];
  #timer = 0;
  #send;

  /** `send(digit)` sounds one digit. */
  constructor(send) {
    this.#send = send;
  }

  push(digit) {
    this.#waiting.push(digit);
    if (!this.#timer) this.#next();
  }

  /** Forget what was not sent yet. */
  clear() {
    clearTimeout(this.#timer);
    this.#waiting = [];
    this.#timer = 0;
  }

  #next() {
    const digit = this.#waiting.shift();
    this.#timer = digit === undefined ? 0 : setTimeout(() => this.#next(), DIGIT_MS);
    if (digit !== undefined) this.#send(digit);
  }
}
