/** Decides about an event after all listeners of the page and before the browser's default action, even if it was stopped. */

const BUBBLING_PHASE = 3;
const CAPTURING_PHASE = 1;

/**
 * Call `decide(isPrevented)` once no listener of the page can change its mind about `event`. In `decide`,
 * `event.preventDefault()` still prevents the browser's own action, except of an event that a script dispatched and a
 * listener ended by `stopImmediatePropagation()`. To be called in a listener for the capture phase at the window.
 *
 * Each node of the path gets a listener that runs after the others of that node: the event's way ends where a listener
 * has stopped its propagation, or at the window. Not decided about, as nobody is told: an event that another script world
 * (a browser extension) ended by `stopImmediatePropagation()`, of an element for which the browser acts itself.
 *
 * @param {Event} event
 * @param {{claims: () => boolean, actsItself: boolean, decide: (isPrevented: boolean) => void}} options
 *   `claims` tells whether `decide` would prevent the browser's own action now; `actsItself`: the browser has one for this
 *   element.
 */
export function afterListeners(event, { claims, actsItself, decide }) {
  const path = event.composedPath();
  const window = path[path.length - 1];
  const { type } = event;
  let isOver = false;
  /** @param {boolean} isPrevented */
  const finish = (isPrevented) => {
    if (isOver) return;
    isOver = true;
    for (const node of path) {
      node.removeEventListener(type, onLast, true);
      node.removeEventListener(type, onLast);
    }
    clearTimeout(timer);
    decide(isPrevented);
  };
  /** @param {Event} heard */
  function onLast(heard) {
    if (heard !== event) return;
    const isAtEnd = event.currentTarget === window && event.eventPhase === BUBBLING_PHASE;
    if (isAtEnd || event.cancelBubble) finish(event.defaultPrevented);
  }
  for (const node of path) {
    node.addEventListener(type, onLast, true);
    node.addEventListener(type, onLast);
  }
  watchStops(event, window, claims, finish);
  // The event's way is over and nobody was told: the listeners must not stay.
  const timer = setTimeout(() => finish(event.defaultPrevented || actsItself));
}

/**
 * Call `finish` after the listener that ends the event's way at once: no other listener is called after that one, and the
 * window's own listeners for the capture phase were chosen before ours were added.
 * @param {Event} event
 * @param {EventTarget} window
 * @param {() => boolean} claims
 * @param {(isPrevented: boolean) => void} finish
 */
function watchStops(event, window, claims, finish) {
  let isEnding = false;
  const finishAfterListener = () => {
    if (isEnding) return;
    isEnding = true;
    // Microtasks run between the listeners of the browser's events, but of a script's event only after its default action.
    if (event.isTrusted || event.defaultPrevented || !claims()) {
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
  // Stopped by a listener of the window that ran before ours.
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
