/**
 * Keeps the phone's element on the page: adds it to the page's container element or beside the body, and adds it again
 * when the page removes it.
 */

/** @import { Environment } from "../types.d.ts" */

// An element that the page removes sooner than this is added again with a growing delay.
const QUICK_REMOVAL_MS = 1_000;
const FIRST_DELAY_MS = 50;
const MAX_DELAY_MS = 10_000;

/**
 * @typedef {object} Mount
 * @property {boolean} isInDefaultParent True if the element is in the container; without one, beside the body or in it.
 * @property {(container: Element | null) => void} setContainer Set the page's element that contains the phone's; null: none.
 * @property {(parent: Element | null) => void} attach Move the element into `parent`; null: its default parent.
 * @property {() => void} check Attach the element if it is not on the page, and remove copies of it.
 * @property {() => void} stop Remove the element and do not add it again.
 */

/**
 * Attach `host` as soon as there is a body, and whenever it is not on the page.
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
  let container = null;
  const isInDefaultParent = () =>
    container?.isConnected
      ? host.parentNode === container
      : host.parentNode === document.documentElement || host.parentNode === document.body;
  /** @param {Element} parent */
  const moveInto = (parent) => {
    try {
      // Unlike appendChild(), this keeps the focus and the scroll positions.
      parent.moveBefore(host, null);
    } catch {
      parent.appendChild(host);
    }
  };
  /** @param {Element | null} parent */
  const attach = (parent) => {
    // host-page/top-layer.js may still call this after stop().
    if (isStopped) return;
    attachedAt = now();
    // Lightning Web Security forbids append() on the root, and may forbid appendChild().
    try {
      moveInto(parent ?? (container?.isConnected ? container : document.documentElement));
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
    // A page that renders again from its own serialized markup makes copies of the element, without a shadow root.
    for (const copy of document.querySelectorAll(host.localName)) {
      if (copy !== host && !copy.shadowRoot) copy.remove();
    }
    if (host.isConnected || timer !== undefined) return;
    // Without the delay, a page that removes the element each time would keep the processor busy.
    delay = now() - attachedAt < QUICK_REMOVAL_MS ? Math.min(2 * delay + FIRST_DELAY_MS, MAX_DELAY_MS) : 0;
    if (delay) timer = setTimeout(attachAgain, delay);
    else attachAgain();
  };
  const observer = new window.MutationObserver(check);
  /** @param {Node} target */
  function watch(target) {
    try {
      observer.observe(target, { childList: true });
    } catch {
      // A sandbox may hide elements that it shares with other code; it then does not remove the phone's either.
    }
  }
  watch(document);
  check();
  return {
    get isInDefaultParent() {
      return isInDefaultParent();
    },
    setContainer(element) {
      const isInOtherParent = host.isConnected && !isInDefaultParent();
      container = element;
      if (!isInOtherParent && !isInDefaultParent()) attach(null);
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
