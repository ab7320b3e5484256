/**
 * Keeps the events that begin in the phone from the page: from its shortcuts, its focus traps, and what it closes when a
 * person presses elsewhere. They are stopped at the window, before all other listeners but those that the page added there
 * earlier, and the phone's own listeners get copies that never leave its shadow root.
 */
import { RELAYED } from "../presses.js";

const COPIED = [
  "keydown keypress keyup beforeinput input cut copy paste compositionstart compositionupdate compositionend",
  "focus focusin blur focusout",
  "pointerdown pointerup mousedown mouseup click dblclick auxclick contextmenu",
].flatMap((types) => types.split(" "));
// The phone listens to none of these. Pages that lock their scrolling would cancel them.
const STOPPED = "wheel touchstart touchmove touchend touchcancel".split(" ");
const PRESS_BEGINS = ["pointerdown", "mousedown"];
// They belong to where the pointer was pressed: a page's own drag may end over the phone, and a selection in the phone over
// the page.
const PRESS_ENDS = ["pointerup", "mouseup", "click"];

/**
 * Keep the events inside `host`; returns a function that ends it.
 * @param {Element} host An element with an open shadow root.
 * @param {Window & typeof globalThis} window
 */
export function isolateEvents(host, window) {
  const shadow = /** @type {ShadowRoot} */ (host.shadowRoot);
  /**
   * The copies of clicks that were handled: true if the phone prevented the browser's action.
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
    if (!(RELAYED in event)) return;
    handledClicks.set(event, event.defaultPrevented);
    // The browser acts on the event that it sent itself: else a box would be ticked and unticked.
    event.preventDefault();
  };
  /** @param {Event} event */
  const onCopied = (event) => {
    if (isPagesKey(event)) return;
    const isInside = event.composedPath().includes(host);
    if (PRESS_BEGINS.includes(event.type)) isPressInside = isInside;
    // A click by a key or by a script has no press.
    const isPress = PRESS_ENDS.includes(event.type) && !(event.type === "click" && isDetached(event));
    if (isInside && (!isPress || isPressInside)) relay(event);
    else if (isPress && isPressInside) event.stopImmediatePropagation();
    else if (isLeavingFor(event, host)) hideWhereFocusWent(event);
  };
  /** @param {Event} event */
  const onStopped = (event) => {
    if (event.composedPath().includes(host)) event.stopImmediatePropagation();
  };

  shadow.addEventListener("click", onClickHandled);
  for (const type of COPIED) window.addEventListener(type, onCopied, true);
  // Passive: the browser need not wait for the listener before it scrolls.
  for (const type of STOPPED) window.addEventListener(type, onStopped, { capture: true, passive: true });
  return () => {
    shadow.removeEventListener("click", onClickHandled);
    for (const type of COPIED) window.removeEventListener(type, onCopied, true);
    for (const type of STOPPED) window.removeEventListener(type, onStopped, true);
  };
}

/**
 * True for a key that means the same wherever it is pressed: the page and the browser have shortcuts for such keys, the
 * phone has none.
 * @param {Event} event
 */
function isPagesKey(event) {
  if (!/^key(?:down|press|up)$/.test(event.type)) return false;
  const { key, ctrlKey, metaKey, altKey } = /** @type {KeyboardEvent} */ (event);
  return ctrlKey || metaKey || altKey || /^F\d+$/.test(key);
}

/** @param {Event} event */
const isDetached = (event) => !(/** @type {MouseEvent} */ (event).detail);

/**
 * True if a part of the page loses the focus to the phone.
 * @param {Event} event
 * @param {Element} host
 */
function isLeavingFor(event, host) {
  if (event.type !== "blur" && event.type !== "focusout") return false;
  const { relatedTarget } = /** @type {FocusEvent} */ (event);
  return relatedTarget instanceof Element && (relatedTarget === host || relatedTarget.shadowRoot?.contains(host));
}

/**
 * Tell the page that its element lost the focus, but not to what: a focus trap would take it back.
 * @param {Event} event
 */
function hideWhereFocusWent(event) {
  const [target] = event.composedPath();
  const copy = copyOf(event, { relatedTarget: null });
  event.stopImmediatePropagation();
  target.dispatchEvent(copy);
}

/**
 * A copy of `event` with some members changed. It knows if a person caused the event.
 * @param {Event} event
 * @param {Record<string, unknown>} changes
 * @returns {Event}
 */
function copyOf(event, changes) {
  const values = new Proxy(event, {
    get: (from, key) => (key in changes ? changes[String(key)] : from[/** @type {keyof Event} */ (key)]),
  });
  const Copy = /** @type {typeof Event} */ (event.constructor);
  const made = new Copy(event.type, values);
  // Firefox makes each KeyboardEvent composed, whatever it is told: a copy would come to the page, and here, again.
  const copy = made.composed === values.composed ? made : plainCopyOf(event, values);
  return Object.assign(copy, { [RELAYED]: event.isTrusted });
}

/**
 * A copy of `event` without its class, with all members of `values`.
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
