/** Click-to-call: one listener for each event serves all numbers of the page, also rows that are added later. */
import { formatE164 } from "../numbers/parse.js";
import { keyFocus } from "../click-to-call/key-focus.js";
import { afterListeners } from "../click-to-call/after-listeners.js";
import {
  CANDIDATES,
  CONTROLS,
  FIELDS,
  hasNumber,
  LINKS,
  NumberElements,
  numberTextOf,
  PRESSABLE,
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
 * @property {() => void} refresh To be called when the phone knows its organization.
 * @property {(texts: Texts | null) => void} translate The language has changed.
 * @property {() => void} stop Take everything back from the page.
 */

/**
 * Make the numbers of the document call.
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
  const focus = keyFocus(document, phone, () => api.open());

  /**
   * True for a link that the page leaves to the telephone's own dialler.
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
      // The open panel says what is wrong with a text that is not a number.
      else if (!api.call(text, { name })) api.open();
      focus.follow(event, element);
    } else if (phone.isInCall) {
      event.preventDefault();
      // The chunk of the call has the words.
      loadChunk("call-stack").then(
        ({ showNotice }) => showNotice(phone, env, "call_in_progress"),
        () => {},
      );
      api.open();
      focus.follow(event, element);
    } else if (!element.matches(LINKS)) {
      // The panel says why there can be no call; a link does what it does without the phone.
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
      claims: () => phone.canDial || phone.isInCall,
      actsItself: element.matches(PRESSABLE),
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
    // Links and buttons turn these keys into a click by themselves, again and again while they are held.
    if (!event.repeat && element.matches(PRESSABLE)) return;
    whenUnprevented(event, element, () => {
      if (!event.repeat) dial(event, element);
      event.preventDefault();
    });
  };

  // A page that adds thousands of rows at once is not blocked: they are visited in slices, when it is idle.
  /** @param {(deadline?: IdleDeadline) => void} work */
  const whenIdle = (work) => {
    if (window.requestIdleCallback) window.requestIdleCallback(work, { timeout: IDLE_TIMEOUT_MS });
    else setTimeout(work);
  };
  // Frameworks compare the server's markup with their own, attribute by attribute, until the page is loaded.
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

  // At the window in the capture phase, nothing has stopped the event yet.
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
    waiting.push(document);
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
      focus.stop();
      window.removeEventListener("click", onClick, true);
      window.removeEventListener("keydown", onKeyDown, true);
      window.removeEventListener("pointerdown", onPointerDown, true);
      observer.disconnect();
      waiting.length = 0;
      elements = null;
      removeStyles();
      for (const element of document.querySelectorAll(CANDIDATES)) numbers.restore(element);
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
  const selection = event.detail && !element.matches(PRESSABLE) ? document.getSelection() : null;
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
