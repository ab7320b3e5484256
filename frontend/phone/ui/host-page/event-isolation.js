/**
 * Keeps the events of the phone's elements from the page: from its shortcuts, its focus traps, and its listeners that close
 * something at a click outside it. The events are stopped at the window, before all listeners except those that the page
 * added to the window earlier; the phone's own listeners get copies that never leave its shadow root.
 */
import { ORIGINAL_IS_TRUSTED } from "../presses.js";

const COPIED_TYPES = [
  "keydown keypress keyup beforeinput input cut copy paste compositionstart compositionupdate compositionend",
  "focus focusin blur focusout",
  "pointerdown pointerup mousedown mouseup click dblclick auxclick contextmenu",
].flatMap((types) => types.split(" "));
// Stopped without a copy, because the phone does not listen to them: pages that lock their scrolling would cancel them.
const STOPPED_TYPES = "wheel touchstart touchmove touchend touchcancel".split(" ");
const PRESS_START_TYPES = ["pointerdown", "mousedown"];
// These events belong to the side on which the press began: a drag of the page may end over the phone, and a selection in
// the phone over the page.
const PRESS_END_TYPES = ["pointerup", "mouseup", "click"];

/**
 * Keep the events inside `host`; returns a function that ends the isolation.
 * @param {Element} host An element with an open shadow root.
 * @param {Window & typeof globalThis} window
 */
export function isolateEvents(host, window) {
  const shadow = /** @type {ShadowRoot} */ (host.shadowRoot);
  /**
   * For each handled copy of a click: true if the phone prevented the browser's action.
   * @type {WeakMap<Event, boolean>}
   */
  const handledClicks = new WeakMap();
  let isPressInside = false;

  /**
   * Have the phone's listeners handle a copy of `event`.
   * @param {Event} event
   */
  const relay = (event) => {
    const [target] = event.composedPath();
    const copy = copyOf(event, { composed: false });
    event.stopImmediatePropagation();
    target.dispatchEvent(copy);
    if (handledClicks.get(copy) ?? copy.defaultPrevented) event.preventDefault();
  };
  /** @param {Event} event */
  const onClickHandled = (event) => {
    if (!(ORIGINAL_IS_TRUSTED in event)) return;
    handledClicks.set(event, event.defaultPrevented);
    // Only the browser's own event may have an effect: with the copy's, a checkbox would be ticked and unticked.
    event.preventDefault();
  };
  /** @param {Event} event */
  const onCopied = (event) => {
    if (isShortcutKey(event)) return;
    const isInside = event.composedPath().includes(host);
    if (PRESS_START_TYPES.includes(event.type)) isPressInside = isInside;
    // A click by a key or by a script has no press.
    const isPressEnd = PRESS_END_TYPES.includes(event.type) && !(event.type === "click" && hasNoPress(event));
    if (isInside && (!isPressEnd || isPressInside)) relay(event);
    else if (isPressEnd && isPressInside) event.stopImmediatePropagation();
    else if (isFocusMovingTo(host, event)) hideFocusTarget(event);
  };
  /** @param {Event} event */
  const onStopped = (event) => {
    if (event.composedPath().includes(host)) event.stopImmediatePropagation();
  };

  shadow.addEventListener("click", onClickHandled);
  for (const type of COPIED_TYPES) window.addEventListener(type, onCopied, true);
  // Passive: the browser does not wait for the listener before it scrolls.
  for (const type of STOPPED_TYPES) window.addEventListener(type, onStopped, { capture: true, passive: true });
  return () => {
    shadow.removeEventListener("click", onClickHandled);
    for (const type of COPIED_TYPES) window.removeEventListener(type, onCopied, true);
    for (const type of STOPPED_TYPES) window.removeEventListener(type, onStopped, true);
  };
}

/**
 * True for a key event with Ctrl, Alt or Cmd and for an F-key: shortcuts of the page or the browser, never of the phone.
 * @param {Event} event
 */
function isShortcutKey(event) {
  if (!/^key(?:down|press|up)$/.test(event.type)) return false;
  const { key, ctrlKey, metaKey, altKey } = /** @type {KeyboardEvent} */ (event);
  return ctrlKey || metaKey || altKey || /^F\d+$/.test(key);
}

/**
 * True for a click that does not come from a pointer.
 * @param {Event} event
 */
const hasNoPress = (event) => !(/** @type {MouseEvent} */ (event).detail);

/**
 * True if `event` says that an element of the page loses the focus to the phone.
 * @param {Element} host
 * @param {Event} event
 */
function isFocusMovingTo(host, event) {
  if (event.type !== "blur" && event.type !== "focusout") return false;
  const { relatedTarget } = /** @type {FocusEvent} */ (event);
  return relatedTarget instanceof Element && (relatedTarget === host || relatedTarget.shadowRoot?.contains(host));
}

/**
 * Send the page a copy of `event` without the element that gets the focus: a focus trap would take the focus back.
 * @param {Event} event
 */
function hideFocusTarget(event) {
  const [target] = event.composedPath();
  const copy = copyOf(event, { relatedTarget: null });
  event.stopImmediatePropagation();
  target.dispatchEvent(copy);
}

/**
 * A copy of `event` with some members changed; its member ORIGINAL_IS_TRUSTED is true if the browser sent the event.
 * @param {Event} event
 * @param {Record<string, unknown>} changes
 * @returns {Event}
 */
function copyOf(event, changes) {
  const values = new Proxy(event, {
    get: (original, key) => (key in changes ? changes[String(key)] : original[/** @type {keyof Event} */ (key)]),
  });
  const EventClass = /** @type {typeof Event} */ (event.constructor);
  const typedCopy = new EventClass(event.type, values);
  // Firefox ignores `composed: false` for a KeyboardEvent: the copy would reach the page, and this listener again.
  const copy = typedCopy.composed === values.composed ? typedCopy : plainCopyOf(event, values);
  return Object.assign(copy, { [ORIGINAL_IS_TRUSTED]: event.isTrusted });
}

/**
 * A copy of `event` with the class Event and all members of `values`.
 * @param {Event} event
 * @param {Event} values
 */
function plainCopyOf(event, values) {
  const copy = new Event(values.type, values);
  for (const key in values) {
    if (key in copy) continue;
    const value = values[/** @type {keyof Event} */ (key)];
    Object.defineProperty(copy, key, { value: typeof value === "function" ? value.bind(event) : value });
  }
  return copy;
}
