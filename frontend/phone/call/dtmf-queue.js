/** The digits of a call: a browser drops tones that still wait when new ones come, so these wait here instead. */

// The SDK's tone of 160 ms and its gap of 70 ms.
const DIGIT_MS = 230;
// A busy machine starts tones late: what is playing must be over before more is given to the browser.
const SLACK_MS = 200;

export class Digits {
  #waiting = "";
  #timer = 0;
  #send;

  /** `send(digits)` sounds one or more digits, one after the other. */
  constructor(send) {
    this.#send = send;
  }

  push(digit) {
    this.#waiting += digit;
    if (!this.#timer) this.#next();
  }

  /** Forget what was not sent yet. */
  clear() {
    clearTimeout(this.#timer);
    this.#waiting = "";
    this.#timer = 0;
  }

  #next() {
    const digits = this.#waiting;
    this.#waiting = "";
    this.#timer = digits ? setTimeout(() => this.#next(), DIGIT_MS * digits.length + SLACK_MS) : 0;
    if (digits) this.#send(digits);
  }
}
