/** Sends tones in a call: those of its number after the answer, step by step, and the keys that a person presses. */
import { DtmfQueue } from "./dtmf-queue.js";

/** @import { PostDialStep } from "../types.d.ts" */

/**
 * The steps after the answer, of which each but the first waits for a person's key. An extension follows one pause:
 * private branch exchanges answer a moment before they listen.
 * @param {string | undefined} extension
 * @param {string} [digits] `,` is a pause of 2 s, `;` waits for a key.
 */
export function postDialSteps(extension, digits = "") {
  const [first, ...others] = `${extension ? `,${extension}` : ""}${digits}`.split(";");
  return [first, ...others.filter((step) => /[^,]/.test(step))];
}

export class PostDial {
  #queue;
  #steps;
  #onStep;
  #isStarted = false;
  /** True while the next step waits for a person's key. */
  #isWaiting = false;

  /**
   * @param {string[]} steps
   * @param {(digits: string) => void} send Sounds one or more digits, one after the other.
   * @param {(step: PostDialStep | null) => void} onStep Told of the present step; null when all are done.
   */
  constructor(steps, send, onStep) {
    this.#steps = steps;
    this.#onStep = onStep;
    this.#queue = new DtmfQueue(send, () => this.#next());
  }

  /** The call is answered. */
  start() {
    if (this.#isStarted) return;
    this.#isStarted = true;
    const [first] = this.#steps;
    if (first) this.#send();
    else {
      this.#steps.shift();
      this.#next();
    }
  }

  /** A person lets the waiting step be sent. */
  proceed() {
    if (this.#isWaiting) this.#send();
  }

  /**
   * A person presses a key. Behind the tones of a step that are being sent, so that these stay together.
   * @param {string} digit
   */
  press(digit) {
    this.#queue.push(digit);
  }

  /** @param {boolean} isPaused True while the connection is lost: tones would be too. */
  setPaused(isPaused) {
    this.#queue.setPaused(isPaused);
  }

  /** The call is over. */
  stop() {
    this.#steps = [];
    this.#isWaiting = false;
    this.#queue.clear();
  }

  #send() {
    this.#isWaiting = false;
    const step = this.#steps.shift() ?? "";
    this.#queue.push(step);
    const digits = readable(step);
    this.#onStep(digits ? { digits, isWaiting: false } : null);
  }

  /** All that was pushed is sent. */
  #next() {
    if (!this.#isStarted || this.#isWaiting) return;
    const [next] = this.#steps;
    this.#isWaiting = next !== undefined;
    this.#onStep(next === undefined ? null : { digits: readable(next), isWaiting: true });
  }
}

/**
 * A step without the pauses around its digits.
 * @param {string} step
 */
const readable = (step) => step.replace(/^,+|,+$/g, "");
