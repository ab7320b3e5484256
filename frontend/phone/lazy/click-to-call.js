/** Click-to-call: one listener for each event serves all numbers of the page, also rows that are added later. */
import { formatE164 } from "../numbers/parse.js";
import { CONTROLS, FIELDS, NumberElements, NUMBERS, numberTextOf } from "../click-to-call/number-elements.js";
import { styleNumbers } from "../click-to-call/styles.js";
import { clickToCall as english } from "../i18n/locales/en.js";
import { isPressKey, Presses } from "../ui/presses.js";

/** @import { NumberTexts } from "../click-to-call/number-elements.js" */
/** @import { Phone } from "../core.js" */
/** @import { Texts } from "../i18n/texts.js" */
/** @import { Environment } from "../types.d.ts" */

const ELEMENTS_PER_STEP = 32;
const IDLE_TIMEOUT_MS = 500;
const MIN_SLICE_MS = 8;

/**
 * @typedef {object} ClickToCall
 * @property {() => void} refresh To be called when the phone knows its organization.
 * @property {() => void} stop Take everything back from the page.
 */

/**
 * Make the numbers of the document call.
 * @param {Environment} env
 * @param {Phone} phone
 * @param {Pick<EpochPhoneApi, "call" | "open">} api
 * @param {Texts | null} texts
 * @returns {ClickToCall}
 */
export function startClickToCall({ window, document, now, loadChunk }, phone, api, texts) {
  /** @type {NumberTexts} */
  const numberTexts = {
    getCountry: () => phone.account,
    readNumber: (text) => phone.readNumber(text),
    format: null,
    ...(texts?.clickToCall ?? english),
  };
  const numbers = new NumberElements(numberTexts);
  /** @type {(Element | Document)[]} */
  const waiting = [];
  /** @type {Generator<Element, void, void> | null} */
  let elements = null;
  let isScheduled = false;
  let isStopped = false;
  const presses = new Presses(now);

  /**
   * @param {MouseEvent | KeyboardEvent} event
   * @param {Element} element
   */
  const dial = (event, element) => {
    if (!presses.accepts(event)) event.preventDefault();
    else if (phone.canDial) {
      event.preventDefault();
      // The open panel says what is wrong with a text that is not a number.
      const name = element.getAttribute("data-phone-name");
      if (!api.call(numberTextOf(element), { name })) api.open();
    } else if (phone.isInCall) {
      event.preventDefault();
      api.open();
    } else if (!element.matches("a[href]")) {
      // The panel says why there can be no call; a link does what it does without the phone.
      api.open();
    }
  };
  /** @param {MouseEvent} event */
  const onClick = (event) => {
    if (event.defaultPrevented || event.button || hasModifier(event) || event.shiftKey) return;
    const element = numberElementOf(event);
    if (element && !isSelectingText(document, event, element)) dial(event, element);
  };
  /** @param {Event} event */
  const onPointerDown = (event) => {
    if (numberElementOf(event)) phone.warmUp();
  };
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    if (event.defaultPrevented || hasModifier(event) || !isPressKey(event)) return;
    const element = numberElementOf(event);
    if (!element || element !== event.composedPath()[0]) return;
    if (!event.repeat) {
      // Links and buttons turn these keys into a click by themselves, again and again while they are held.
      if (element.matches("a[href], button, summary")) return;
      dial(event, element);
    }
    event.preventDefault();
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
        else numbers.visit(value);
      }
      if (now() >= until) break;
    }
    if (waiting.length > 0 || elements) schedule();
  };
  const observer = new window.MutationObserver((changes) => {
    for (const { type, target, attributeName, addedNodes } of changes) {
      const element = /** @type {Element} */ (target);
      const isNumberChanged = attributeName === "data-phone" || attributeName === "href";
      if (isNumberChanged || numbers.isUndone(element)) waiting.push(element);
      if (type !== "childList") continue;
      for (const node of addedNodes)
        if (node.nodeType === Node.ELEMENT_NODE) waiting.push(/** @type {Element} */ (node));
    }
    if (waiting.length > 0) schedule();
  });

  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKeyDown);
  document.addEventListener("pointerdown", onPointerDown, true);
  observer.observe(document.documentElement, {
    attributeFilter: ["data-phone", "href", "role", "tabindex", "title"],
    attributes: true,
    childList: true,
    subtree: true,
  });
  const refresh = () => {
    if (isStopped) return;
    waiting.push(document);
    schedule();
  };
  const removeStyles = styleNumbers(document);
  refresh();
  loadChunk("number-formats")
    .then(
      ({ formatInternational }) => formatInternational,
      () => formatE164,
    )
    .then((format) => {
      numberTexts.format = format;
      refresh();
    });

  return {
    refresh,
    stop() {
      isStopped = true;
      document.removeEventListener("click", onClick);
      document.removeEventListener("keydown", onKeyDown);
      document.removeEventListener("pointerdown", onPointerDown, true);
      observer.disconnect();
      waiting.length = 0;
      elements = null;
      removeStyles();
      for (const element of document.querySelectorAll(NUMBERS)) numbers.restore(element);
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

/**
 * @param {Element | Document} root
 * @returns {Generator<Element, void, void>}
 */
function* elementsIn(root) {
  if (root.nodeType === Node.ELEMENT_NODE) yield /** @type {Element} */ (root);
  yield* root.querySelectorAll(NUMBERS);
}
