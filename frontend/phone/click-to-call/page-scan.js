/**
 * Visits the elements of a page that have a number, also those that are added later. A page that adds thousands of rows at
 * once is not blocked: they are visited in slices, when it is idle.
 */
import { CANDIDATES } from "./number-elements.js";

/** @import { Environment } from "../types.d.ts" */
/** @import { NumberElements } from "./number-elements.js" */

const ELEMENTS_PER_STEP = 32;
const IDLE_TIMEOUT_MS = 500;
const MIN_SLICE_MS = 8;

export class PageScan {
  #env;
  #numbers;
  /**
   * The parts of the page that are still to be visited.
   * @type {(Element | Document)[]}
   */
  #waiting = [];
  /**
   * The elements of the part that is being visited.
   * @type {Generator<Element, void, void> | null}
   */
  #elements = null;
  #isScheduled = false;
  #isStopped = false;
  #observer;

  /**
   * Begin to observe the page; `visitAll()` begins to visit it.
   * @param {Pick<Environment, "window" | "document" | "now">} env
   * @param {NumberElements} numbers
   */
  constructor(env, numbers) {
    this.#env = env;
    this.#numbers = numbers;
    this.#observer = new env.window.MutationObserver((changes) => this.#onChanges(changes));
    this.#observer.observe(env.document.documentElement, {
      attributeFilter: ["data-phone", "href", "role", "tabindex", "title"],
      attributes: true,
      childList: true,
      subtree: true,
    });
  }

  /** Visit the whole page, once more if it was visited. */
  visitAll() {
    if (this.#isStopped) return;
    this.#waiting.push(this.#env.document);
    this.#schedule();
  }

  stop() {
    this.#isStopped = true;
    this.#observer.disconnect();
    this.#waiting = [];
    this.#elements = null;
  }

  /** @param {MutationRecord[]} changes */
  #onChanges(changes) {
    for (const { type, target, attributeName, addedNodes } of changes) {
      const element = /** @type {Element} */ (target);
      const isNumberChanged = attributeName === "data-phone" || attributeName === "href";
      if (isNumberChanged || this.#numbers.isUndone(element)) this.#waiting.push(element);
      if (type !== "childList") continue;
      for (const node of addedNodes)
        if (node.nodeType === Node.ELEMENT_NODE) this.#waiting.push(/** @type {Element} */ (node));
    }
    if (this.#waiting.length > 0) this.#schedule();
  }

  #schedule() {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const { window } = this.#env;
    /** @param {IdleDeadline} [deadline] */
    const visitSlice = (deadline) => this.#visitSlice(deadline);
    if (window.requestIdleCallback) window.requestIdleCallback(visitSlice, { timeout: IDLE_TIMEOUT_MS });
    else setTimeout(visitSlice);
  }

  /** @param {IdleDeadline} [deadline] */
  #visitSlice(deadline) {
    const { now } = this.#env;
    this.#isScheduled = false;
    // All of the idle time at once: each slice that writes numbers makes the page lay itself out again.
    const until = now() + Math.max(deadline?.timeRemaining() ?? 0, MIN_SLICE_MS);
    while (this.#waiting.length > 0 || this.#elements) {
      this.#elements ??= elementsIn(/** @type {Element | Document} */ (this.#waiting.shift()));
      for (let count = 0; this.#elements && count < ELEMENTS_PER_STEP; count += 1) {
        const { value, done } = this.#elements.next();
        if (done || !value) this.#elements = null;
        else this.#numbers.visit(value);
      }
      if (now() >= until) break;
    }
    if (this.#waiting.length > 0 || this.#elements) this.#schedule();
  }
}

/**
 * @param {Element | Document} root
 * @returns {Generator<Element, void, void>}
 */
function* elementsIn(root) {
  if (root.nodeType === Node.ELEMENT_NODE) yield /** @type {Element} */ (root);
  yield* root.querySelectorAll(CANDIDATES);
}
