/**
 * Calls a function that decides about an event, such as a click on a number: after all listeners of the page and before
 * the browser's default action, also if a listener stops the event's propagation.
 */

const BUBBLING_PHASE = 3;
const CAPTURING_PHASE = 1;

/**
 * Call `decide(isPrevented)` once no further listener of the page can prevent `event`. In `decide`,
 * `event.preventDefault()` still prevents the browser's default action, except for an event that a script dispatched and
 * a listener ended by `stopImmediatePropagation()`. To be called in a listener for the capture phase at the window.
 *
 * Each node of the event's path gets a listener that runs after the node's other listeners. The last of them to run is
 * at the node where a listener has stopped the propagation, or at the window. An event that another script world (a
 * browser extension) ended by `stopImmediatePropagation()` is not noticed: for an element with a default action,
 * `decide(true)` is called then.
 *
 * @param {Event} event
 * @param {{willPrevent: () => boolean, hasDefaultAction: boolean, decide: (isPrevented: boolean) => void}} options
 *   `willPrevent` tells whether `decide(false)` would prevent the default action now; `hasDefaultAction`: the browser
 *   has one for the element.
 */
export function afterListeners(event, { willPrevent, hasDefaultAction, decide }) {
  const path = event.composedPath();
  const window = path[path.length - 1];
  const { type } = event;
  let isDecided = false;
  /** @param {boolean} isPrevented */
  const finish = (isPrevented) => {
    if (isDecided) return;
    isDecided = true;
    for (const node of path) {
      node.removeEventListener(type, onLastListener, true);
      node.removeEventListener(type, onLastListener);
    }
    clearTimeout(timer);
    decide(isPrevented);
  };
  /** @param {Event} received */
  function onLastListener(received) {
    if (received !== event) return;
    const isAtEnd = event.currentTarget === window && event.eventPhase === BUBBLING_PHASE;
    if (isAtEnd || event.cancelBubble) finish(event.defaultPrevented);
  }
  for (const node of path) {
    node.addEventListener(type, onLastListener, true);
    node.addEventListener(type, onLastListener);
  }
  watchStops(event, window, willPrevent, finish);
  // The dispatch has ended unnoticed: remove the listeners.
  const timer = setTimeout(() => finish(event.defaultPrevented || hasDefaultAction));
}

/**
 * Call `finish` after a listener that ends the event at once: by `stopImmediatePropagation()`, or by
 * `stopPropagation()` in the capture phase at the window, whose listeners were collected before ours was added.
 * @param {Event} event
 * @param {EventTarget} window
 * @param {() => boolean} willPrevent
 * @param {(isPrevented: boolean) => void} finish
 */
function watchStops(event, window, willPrevent, finish) {
  let isEnding = false;
  const finishAfterListener = () => {
    if (isEnding) return;
    isEnding = true;
    // Microtasks run between the listeners of an event of the browser, but only after the default action of a script's
    // event.
    if (event.isTrusted || event.defaultPrevented || !willPrevent()) {
      queueMicrotask(() => finish(event.defaultPrevented));
      return;
    }
    let isPrevented = false;
    event.preventDefault();
    event.preventDefault = () => {
      isPrevented = true;
    };
    queueMicrotask(() => finish(isPrevented));
  };
  // A listener of the window that ran before ours has stopped the event.
  if (event.cancelBubble) finishAfterListener();
  for (const name of /** @type {const} */ (["stopPropagation", "stopImmediatePropagation"])) {
    const stop = event[name];
    event[name] = () => {
      stop.call(event);
      const isAtStart = event.currentTarget === window && event.eventPhase === CAPTURING_PHASE;
      if (isAtStart || name === "stopImmediatePropagation") finishAfterListener();
    };
  }
}
