/**
 * The chunk of click-to-call: clicks and keys on the page's numbers place calls, also in elements that the page adds
 * later.
 */
import { formatE164 } from "../numbers/parse.js";
import { createKeyboardFocus } from "../click-to-call/keyboard-focus.js";
import { afterListeners } from "../click-to-call/after-listeners.js";
import {
  CANDIDATES,
  CONTROLS,
  FIELDS,
  hasNumber,
  LINKS,
  NumberElements,
  numberTextOf,
  PRESSABLE_ELEMENTS,
} from "../click-to-call/number-elements.js";
import { isMobilePhone } from "../click-to-call/is-mobile-phone.js";
import { styleNumbers } from "../click-to-call/styles.js";
import { isOn } from "../config.js";
import { clickToCall as english } from "../i18n/locales/en.js";
import { isPressKey, Presses } from "../ui/presses.js";

/** @import { NumberTexts } from "../click-to-call/number-elements.js" */
/** @import { EmbeddedPhone } from "../api.js" */
/** @import { Texts } from "../i18n/texts.js" */
/** @import { Environment, Settings } from "../types.d.ts" */

const ELEMENTS_PER_STEP = 32;
const IDLE_TIMEOUT_MS = 500;
const LOAD_TIMEOUT_MS = 5000;
const MIN_SLICE_MS = 8;

/**
 * @typedef {object} ClickToCall
 * @property {() => void} refresh To be called when the organization's country is known.
 * @property {(texts: Texts | null) => void} translate To be called when the language has changed.
 * @property {() => void} stop Removes everything that was added to the page.
 */

/**
 * Make clicks and keys on the document's numbers place calls.
 * @param {Environment} env
 * @param {Pick<EmbeddedPhone, "phone" | "api" | "propose">} embedded
 * @param {Settings} settings Read at each click.
 * @param {Texts | null} texts
 * @returns {ClickToCall}
 */
export function startClickToCall(env, embedded, settings, texts) {
  const { window, document, now, loadChunk } = env;
  const { phone, api } = embedded;
  /** @type {NumberTexts} */
  const numberTexts = {
    getCountry: () => phone.exchangeResponse,
    readNumber: (text) => phone.readNumber(text),
    format: null,
    ...(texts?.clickToCall ?? english),
  };
  const numberElements = new NumberElements(numberTexts);
  /** @type {(Element | Document)[]} */
  const rootsToVisit = [];
  /** @type {Generator<Element, void, void> | null} */
  let elements = null;
  let isScheduled = false;
  let isStopped = false;
  const presses = new Presses(now);
  const keyboardFocus = createKeyboardFocus(document, phone, () => api.open());

  /**
   * True for a link that the dialler of the mobile phone is to open.
   * @param {Element} element
   */
  const isLeftToSystem = (element) =>
    settings.telOnPhones === "native" && !element.hasAttribute("data-phone") && isMobilePhone(window);
  /**
   * @param {MouseEvent | KeyboardEvent} event
   * @param {Element} element
   */
  const dial = (event, element) => {
    if (!presses.accepts(event)) event.preventDefault();
    else if (phone.canDial) {
      event.preventDefault();
      const text = numberTextOf(element);
      const name = element.getAttribute("data-phone-name");
      if (isOn(settings.confirm)) embedded.propose(text, { name });
      // The panel shows what is wrong with a text that is not a number.
      else if (!api.call(text, { name })) api.open();
      keyboardFocus.follow(event, element);
    } else if (phone.isInCall) {
      event.preventDefault();
      // The chunk has the sentence.
      loadChunk("call-stack").then(
        ({ showNotice }) => showNotice(phone, env, "call_in_progress"),
        () => {},
      );
      api.open();
      keyboardFocus.follow(event, element);
    } else if (!element.matches(LINKS)) {
      // The panel shows why no call is possible. A link keeps its default action.
      api.open();
    }
  };
  /**
   * @param {MouseEvent | KeyboardEvent} event
   * @param {Element} element
   * @param {() => void} decide
   */
  const whenUnprevented = (event, element, decide) =>
    afterListeners(event, {
      willPrevent: () => phone.canDial || phone.isInCall,
      hasDefaultAction: element.matches(PRESSABLE_ELEMENTS),
      decide: (isPrevented) => {
        if (!isPrevented && !isStopped) decide();
      },
    });
  /** @param {MouseEvent} event */
  const onClick = (event) => {
    if (event.defaultPrevented || event.button || hasModifier(event) || event.shiftKey) return;
    const element = numberElementOf(event);
    if (!element || isLeftToSystem(element)) return;
    whenUnprevented(event, element, () => {
      if (!isSelectingText(document, event, element)) dial(event, element);
    });
  };
  /** @param {Event} event */
  const onPointerDown = (event) => {
    const element = numberElementOf(event);
    if (element && !isLeftToSystem(element)) phone.warmUp();
  };
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    if (event.defaultPrevented || hasModifier(event) || !isPressKey(event)) return;
    const element = numberElementOf(event);
    if (!element || element !== event.composedPath()[0]) return;
    // The browser turns these keys into a click on links and buttons, again and again while a key is held.
    if (!event.repeat && element.matches(PRESSABLE_ELEMENTS)) return;
    whenUnprevented(event, element, () => {
      if (!event.repeat) dial(event, element);
      event.preventDefault();
    });
  };

  // Elements are visited in slices while the page is idle, so that a page with thousands of rows is not blocked.
  /** @param {(deadline?: IdleDeadline) => void} work */
  const whenIdle = (work) => {
    if (window.requestIdleCallback) window.requestIdleCallback(work, { timeout: IDLE_TIMEOUT_MS });
    else setTimeout(work);
  };
  // Not before the page is loaded: until then frameworks compare each attribute with that of the server's markup.
  /** @type {Promise<unknown>} */
  const pageLoaded = new Promise((resolve) => {
    if (document.readyState === "complete") return resolve(null);
    window.addEventListener("load", resolve, { once: true });
    setTimeout(resolve, LOAD_TIMEOUT_MS);
  });
  const schedule = () => {
    if (isScheduled) return;
    isScheduled = true;
    pageLoaded.then(() => whenIdle(visitSlice));
  };
  /** @param {IdleDeadline} [deadline] */
  const visitSlice = (deadline) => {
    isScheduled = false;
    // A slice takes all of the idle time, because each slice that writes numbers causes a new layout of the page.
    const until = now() + Math.max(deadline?.timeRemaining() ?? 0, MIN_SLICE_MS);
    while (rootsToVisit.length > 0 || elements) {
      elements ??= elementsIn(/** @type {Element | Document} */ (rootsToVisit.shift()));
      for (let count = 0; elements && count < ELEMENTS_PER_STEP; count += 1) {
        const { value, done } = elements.next();
        if (done || !value) elements = null;
        else numberElements.enhance(value);
      }
      if (now() >= until) break;
    }
    if (rootsToVisit.length > 0 || elements) schedule();
  };
  const observer = new window.MutationObserver((changes) => {
    for (const { type, target, attributeName, addedNodes } of changes) {
      const element = /** @type {Element} */ (target);
      const isNumberChanged = attributeName === "data-phone" || attributeName === "href";
      if (isNumberChanged || numberElements.isUndone(element)) rootsToVisit.push(element);
      if (type !== "childList") continue;
      for (const node of addedNodes)
        if (node.nodeType === Node.ELEMENT_NODE) rootsToVisit.push(/** @type {Element} */ (node));
    }
    if (rootsToVisit.length > 0) schedule();
  });

  // At the window in the capture phase, no listener of the page's elements has stopped the event yet.
  window.addEventListener("click", onClick, true);
  window.addEventListener("keydown", onKeyDown, true);
  window.addEventListener("pointerdown", onPointerDown, true);
  observer.observe(document.documentElement, {
    attributeFilter: ["data-phone", "href", "role", "tabindex", "title"],
    attributes: true,
    childList: true,
    subtree: true,
  });
  const refresh = () => {
    if (isStopped) return;
    rootsToVisit.push(document);
    schedule();
  };
  const removeStyles = styleNumbers(document);
  refresh();
  loadChunk("phone-numbers")
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
    translate(translation) {
      Object.assign(numberTexts, translation?.clickToCall ?? english);
      refresh();
    },
    stop() {
      isStopped = true;
      keyboardFocus.stop();
      window.removeEventListener("click", onClick, true);
      window.removeEventListener("keydown", onKeyDown, true);
      window.removeEventListener("pointerdown", onPointerDown, true);
      observer.disconnect();
      rootsToVisit.length = 0;
      elements = null;
      removeStyles();
      for (const element of document.querySelectorAll(CANDIDATES)) numberElements.restore(element);
    },
  };
}

/**
 * The element with a number that contains the event's target, also across shadow roots; null if a field or a control
 * with another action is in between.
 * @param {Event} event
 */
function numberElementOf(event) {
  let found = null;
  for (const node of event.composedPath()) {
    const element = /** @type {HTMLElement} */ (node);
    if (element.nodeType !== Node.ELEMENT_NODE) continue;
    if (element.isContentEditable || element.matches(FIELDS)) return null;
    if (found) continue;
    if (hasNumber(element)) found = element;
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
  const selection = event.detail && !element.matches(PRESSABLE_ELEMENTS) ? document.getSelection() : null;
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
  yield* root.querySelectorAll(CANDIDATES);
}
