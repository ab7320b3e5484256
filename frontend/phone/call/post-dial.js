/**
 * Sends a call's DTMF tones: the extension and digits of the call after the answer, and the keys that a person presses.
 */
import { DtmfQueue } from "./dtmf-queue.js";

/** @import { PostDialStep } from "../types.d.ts" */

/**
 * The steps after the answer; each but the first waits until a person continues. A pause comes before the extension,
 * because private branch exchanges answer a moment before they listen for tones.
 * @param {string | undefined} extension
 * @param {string} [digits] `,` is a pause of 2 s, `;` waits until a person continues.
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
  /** True while the next step waits until a person continues. */
  #isWaiting = false;

  /**
   * @param {string[]} steps
   * @param {(digits: string) => void} send Plays one or more digits, one after the other.
   * @param {(step: PostDialStep | null) => void} onStep Called with each step that begins or waits; with null when all
   *   are done.
   */
  constructor(steps, send, onStep) {
    this.#steps = steps;
    this.#onStep = onStep;
    this.#queue = new DtmfQueue(send, () => this.#waitForNext());
  }

  /** The call is answered. */
  start() {
    if (this.#isStarted) return;
    this.#isStarted = true;
    const [first] = this.#steps;
    if (first) this.#send();
    else {
      this.#steps.shift();
      this.#waitForNext();
    }
  }

  /** Send the step that waits: a person continues. */
  proceed() {
    if (this.#isWaiting) this.#send();
  }

  /**
   * Send the key that a person presses, after the tones of a step that are being sent, so that these stay together.
   * @param {string} digit
   */
  press(digit) {
    this.#queue.push(digit);
  }

  /** @param {boolean} isSuspended True while the connection is lost: tones would be lost too. */
  setSuspended(isSuspended) {
    this.#queue.setSuspended(isSuspended);
  }

  /** The call has ended: send nothing more. */
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

  /** The queue is empty: let the next step wait for a person. */
  #waitForNext() {
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
