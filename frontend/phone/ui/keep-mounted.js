/** Keeps the phone's element on the page: adds it beside the body, and again when the page removes it. */

/** @import { Environment } from "../types.d.ts" */

// An element that was removed sooner than this is put back with a growing delay.
const SHORT_STAY_MS = 1_000;
const FIRST_DELAY_MS = 50;
const MAX_DELAY_MS = 10_000;

/**
 * @typedef {object} Mount
 * @property {boolean} isHome True if the element is in its home: an element of the page, or beside the body, or in it.
 * @property {(home: Element | null) => void} setHome Make an element of the page its home; null: beside the body.
 * @property {(place: Element | null) => void} attach Move the element into `place`; null: its home.
 * @property {() => void} check Attach the element if it is gone, and remove copies of it.
 * @property {() => void} stop Remove the element for good.
 */

/**
 * Attach `host` as soon as there is a body, and whenever it is gone.
 * @param {HTMLElement} host
 * @param {Pick<Environment, "document" | "window" | "now">} env
 * @returns {Mount}
 */
export function keepMounted(host, { document, window, now }) {
  let attachedAt = Number.NEGATIVE_INFINITY;
  let delay = 0;
  let isStopped = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {Element | null} */
  let home = null;
  const isHome = () =>
    home?.isConnected
      ? host.parentNode === home
      : host.parentNode === document.documentElement || host.parentNode === document.body;
  /** @param {Element} parent */
  const moveInto = (parent) => {
    try {
      // Keeps the focus and what is scrolled.
      parent.moveBefore(host, null);
    } catch {
      parent.appendChild(host);
    }
  };
  /** @param {Element | null} place */
  const attach = (place) => {
    // The part that follows the page's layers may still have a step to do.
    if (isStopped) return;
    attachedAt = now();
    // Lightning Web Security forbids append() on the root, and may forbid appendChild().
    try {
      moveInto(place ?? (home?.isConnected ? home : document.documentElement));
    } catch {
      moveInto(document.body);
    }
  };
  const attachAgain = () => {
    timer = undefined;
    if (host.isConnected || !document.body) return;
    attach(null);
    check();
  };
  const check = () => {
    if (isStopped) return;
    // Frameworks that render whole documents replace the root too.
    if (document.documentElement) watch(document.documentElement);
    if (host.parentNode) watch(host.parentNode);
    // A page that renders itself from its own markup has an element without a phone in it.
    for (const other of document.querySelectorAll(host.localName)) {
      if (other !== host && !other.shadowRoot) other.remove();
    }
    if (host.isConnected || timer !== undefined) return;
    // Otherwise a page that removes the element at once, each time, would keep the processor busy.
    delay = now() - attachedAt < SHORT_STAY_MS ? Math.min(2 * delay + FIRST_DELAY_MS, MAX_DELAY_MS) : 0;
    if (delay) timer = setTimeout(attachAgain, delay);
    else attachAgain();
  };
  const observer = new window.MutationObserver(check);
  /** @param {Node} target */
  function watch(target) {
    try {
      observer.observe(target, { childList: true });
    } catch {
      // A sandbox that hides shared elements does not remove the phone's either.
    }
  }
  watch(document);
  check();
  return {
    get isHome() {
      return isHome();
    },
    setHome(element) {
      const isAway = host.isConnected && !isHome();
      home = element;
      if (!isAway && !isHome()) attach(null);
      check();
    },
    attach,
    check,
    stop() {
      isStopped = true;
      observer.disconnect();
      clearTimeout(timer);
      host.remove();
    },
  };
}
