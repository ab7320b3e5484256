/** Click-to-call: one listener for each event serves all numbers of the page, also rows that are added later. */

/** @import { Environment } from "../types.d.ts" */

const NUMBERS = '[data-phone], a[href^="tel:" i]';
// Elements that do something of their own when clicked, also inside an element with a number.
const CONTROLS = "a[href], button, input, textarea, select, label, summary, audio, video, [role=button], [role=link]";
const FIELDS = "input, textarea, select";
// A selector, because thousands of elements are visited: `isContentEditable` makes the browser compute styles each time.
const EDITORS = "[contenteditable]:not([contenteditable=false])";
const FOCUSABLE = "a[href], button, summary, [tabindex]";
// These have a role for assistive technology already; a table whose cells are buttons is not a table.
const STRUCTURE = "td, th, tr, li, dt, dd, [role]";
const ELEMENTS_PER_STEP = 32;
const IDLE_TIMEOUT_MS = 500;
const MIN_SLICE_MS = 8;

/**
 * @typedef {object} ClickToCallPhone
 * @property {() => boolean} canDial
 * @property {() => boolean} isInCall
 * @property {(text: string) => boolean} call
 * @property {() => void} open
 * @property {(text: string | undefined) => string | null} format A number as its organization writes it; null while that is
 *   not known.
 */

/**
 * @typedef {object} ClickToCall
 * @property {() => void} refresh To be called when `format` knows more.
 * @property {() => void} stop Take everything back from the page.
 */

/**
 * Make the numbers of the document call.
 * @param {Environment} env
 * @param {ClickToCallPhone} phone
 * @returns {ClickToCall}
 */
export function startClickToCall({ window, document, now }, phone) {
  /**
   * Elements that got a tabindex, with the role that was added too, or null.
   * @type {WeakMap<Element, string | null>}
   */
  const focusable = new WeakMap();
  /**
   * Elements whose number was written here, with that text.
   * @type {WeakMap<Element, string>}
   */
  const filled = new WeakMap();
  /** @type {(Element | Document)[]} */
  const waiting = [];
  /** @type {Generator<Element, void, void> | null} */
  let elements = null;
  let isScheduled = false;

  /**
   * @param {Event} event
   * @param {Element} element
   */
  const dial = (event, element) => {
    if (phone.canDial()) {
      event.preventDefault();
      // The open panel says what is wrong with a text that is not a number.
      if (!phone.call(numberTextOf(element))) phone.open();
    } else if (phone.isInCall()) {
      event.preventDefault();
      phone.open();
    } else if (!element.matches("a[href]")) {
      // The panel says why there can be no call; a link does what it does without the phone.
      phone.open();
    }
  };
  /** @param {MouseEvent} event */
  const onClick = (event) => {
    if (event.defaultPrevented || event.button || hasModifier(event) || event.shiftKey) return;
    const element = numberElementOf(event);
    if (element && !isSelectingText(document, event, element)) dial(event, element);
  };
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    if (event.defaultPrevented || hasModifier(event) || (event.key !== "Enter" && event.key !== " ")) return;
    const element = numberElementOf(event);
    // Links and buttons turn these keys into a click by themselves.
    if (!element || element !== event.composedPath()[0] || element.matches("a[href], button, summary")) return;
    if (!event.repeat) dial(event, element);
    event.preventDefault();
  };

  /** @param {Element} element */
  const visit = (element) => {
    if (!element.isConnected) return;
    if (!element.hasAttribute("data-phone")) restore(element);
    else if (!element.matches(FIELDS) && !element.closest(EDITORS)) {
      makeFocusable(element);
      fill(element);
    }
  };
  /** @param {Element} element */
  const makeFocusable = (element) => {
    if (!focusable.has(element)) {
      if (element.matches(FOCUSABLE) || element.parentElement?.closest(CONTROLS)) return;
      focusable.set(element, element.matches(STRUCTURE) ? null : "button");
    }
    const role = focusable.get(element);
    if (!element.hasAttribute("tabindex")) element.setAttribute("tabindex", "0");
    if (role && !element.hasAttribute("role")) element.setAttribute("role", role);
  };
  /**
   * True if the page removed what was added to `element`, as frameworks do that morph elements into the server's markup.
   * @param {Element} element
   */
  const isUndone = (element) =>
    (focusable.has(element) && !element.hasAttribute("tabindex")) ||
    (focusable.get(element) && !element.hasAttribute("role")) ||
    (filled.has(element) && !element.firstChild);
  /**
   * Write the number into an element that is empty but for its `data-phone`.
   * @param {Element} element
   */
  const fill = (element) => {
    const isOwnText = filled.has(element) && filled.get(element) === element.textContent;
    if (!isOwnText && (element.firstElementChild || element.textContent?.trim())) return;
    const text = phone.format(element.getAttribute("data-phone") ?? undefined);
    if (!text || text === element.textContent) return;
    element.textContent = text;
    filled.set(element, text);
    // Digits and signs keep their order in a page that is read from right to left.
    if (!element.hasAttribute("dir")) element.setAttribute("dir", "ltr");
  };
  /** @param {Element} element */
  const restore = (element) => {
    if (filled.get(element) === element.textContent) {
      element.textContent = "";
      element.removeAttribute("dir");
      filled.delete(element);
    }
    if (!focusable.has(element)) return;
    element.removeAttribute("tabindex");
    if (focusable.get(element)) element.removeAttribute("role");
    focusable.delete(element);
  };

  // A page that adds thousands of rows at once is not blocked: they are visited in slices, when it is idle.
  /** @param {(deadline?: IdleDeadline) => void} work */
  const whenIdle = (work) => {
    if (window.requestIdleCallback) window.requestIdleCallback(work, { timeout: IDLE_TIMEOUT_MS });
    else setTimeout(work);
  };
  const schedule = () => {
    if (isScheduled) return;
    isScheduled = true;
    whenIdle(visitSlice);
  };
  /** @param {IdleDeadline} [deadline] */
  const visitSlice = (deadline) => {
    isScheduled = false;
    // All of the idle time at once: each slice that writes numbers makes the page lay itself out again.
    const until = now() + Math.max(deadline?.timeRemaining() ?? 0, MIN_SLICE_MS);
    while (waiting.length > 0 || elements) {
      elements ??= elementsIn(/** @type {Element | Document} */ (waiting.shift()));
      for (let count = 0; elements && count < ELEMENTS_PER_STEP; count += 1) {
        const { value, done } = elements.next();
        if (done || !value) elements = null;
        else visit(value);
      }
      if (now() >= until) break;
    }
    if (waiting.length > 0 || elements) schedule();
  };
  const observer = new window.MutationObserver((changes) => {
    for (const { type, target, attributeName, addedNodes } of changes) {
      const element = /** @type {Element} */ (target);
      if (attributeName === "data-phone" || isUndone(element)) waiting.push(element);
      if (type !== "childList") continue;
      for (const node of addedNodes)
        if (node.nodeType === Node.ELEMENT_NODE) waiting.push(/** @type {Element} */ (node));
    }
    if (waiting.length > 0) schedule();
  });

  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKeyDown);
  observer.observe(document.documentElement, {
    attributeFilter: ["data-phone", "role", "tabindex"],
    attributes: true,
    childList: true,
    subtree: true,
  });
  const refresh = () => {
    waiting.push(document);
    schedule();
  };
  refresh();

  return {
    refresh,
    stop() {
      document.removeEventListener("click", onClick);
      document.removeEventListener("keydown", onKeyDown);
      observer.disconnect();
      waiting.length = 0;
      elements = null;
      document.querySelectorAll("[data-phone]").forEach(restore);
    },
  };
}

/**
 * The element with the number that the event is for. Found through icons and shadow roots, but not through controls that
 * do something else.
 * @param {Event} event
 */
function numberElementOf(event) {
  let found = null;
  for (const node of event.composedPath()) {
    const element = /** @type {HTMLElement} */ (node);
    if (element.nodeType !== Node.ELEMENT_NODE) continue;
    if (element.isContentEditable || element.matches(FIELDS)) return null;
    if (found) continue;
    if (element.matches(NUMBERS)) found = element;
    else if (element.matches(CONTROLS)) return null;
  }
  return found;
}

/**
 * True if the click ended a selection of the number's text: a person who copies a number does not want to call it.
 * @param {Document} document
 * @param {MouseEvent} event
 * @param {Element} element
 */
function isSelectingText(document, event, element) {
  const selection = event.detail && !element.matches("a[href], button") ? document.getSelection() : null;
  return Boolean(selection && !selection.isCollapsed && selection.containsNode(element, true));
}

/** @param {MouseEvent | KeyboardEvent} event */
const hasModifier = (event) => event.ctrlKey || event.metaKey || event.altKey;

/** @param {Element} element */
const numberTextOf = (element) =>
  element.getAttribute("data-phone")?.trim() || element.getAttribute("href") || element.textContent?.trim() || "";

/**
 * @param {Element | Document} root
 * @returns {Generator<Element, void, void>}
 */
function* elementsIn(root) {
  if (root.nodeType === Node.ELEMENT_NODE) yield /** @type {Element} */ (root);
  yield* root.querySelectorAll("[data-phone]");
}
