/** Click-to-call: one listener of a kind for every number of the page, rows added later included. */
const NUMBERS = '[data-phone], a[href^="tel:" i]';
// What does something of its own when it is clicked, also inside an element that holds a number.
const CONTROLS = "a[href], button, input, textarea, select, label, summary, audio, video, [role=button], [role=link]";
const FIELDS = "input, textarea, select";
// Asked for by selector where thousands are visited: `isContentEditable` makes the browser compute styles each time.
const EDITORS = "[contenteditable]:not([contenteditable=false])";
const FOCUSABLE = "a[href], button, summary, [tabindex]";
// These say what they are to assistive technology; a table whose cells are buttons is none.
const STRUCTURE = "td, th, tr, li, dt, dd, [role]";
const STEP = 32;
const IDLE_TIMEOUT_MS = 500;
const LEAST_SLICE_MS = 8;

/**
 * Call numbers of `document` through `phone`: `call(text)`, `open()`, `canDial()`, `isInCall()`, and `display(text)`, the
 * number as its organization writes it, null as long as that is not known. Returns `{shown, stop}`: to be called when
 * `display` knows more, and at the end.
 */
export function clickToCall({ window, document, now }, phone) {
  const reached = new WeakMap();
  const filled = new WeakMap();
  const waiting = [];
  let pass = null;
  let isDue = false;

  const dial = (event, element) => {
    if (phone.canDial()) {
      event.preventDefault();
      // A label that is no number is refused where the person can read why.
      if (!phone.call(textOf(element))) phone.open();
    } else if (phone.isInCall()) {
      event.preventDefault();
      phone.open();
    } else if (!element.matches("a[href]")) {
      // The panel says why there can be no call; a link does what it always did.
      phone.open();
    }
  };
  const onClick = (event) => {
    if (event.defaultPrevented || event.button || isModified(event) || event.shiftKey) return;
    const element = numberAt(event);
    if (element && !isSelecting(document, event, element)) dial(event, element);
  };
  const onKey = (event) => {
    if (event.defaultPrevented || isModified(event) || (event.key !== "Enter" && event.key !== " ")) return;
    const element = numberAt(event);
    // Links and buttons turn these keys into a click by themselves.
    if (!element || element !== event.composedPath()[0] || element.matches("a[href], button, summary")) return;
    if (!event.repeat) dial(event, element);
    event.preventDefault();
  };

  const visit = (element) => {
    if (!element.isConnected) return;
    if (!element.hasAttribute("data-phone")) release(element);
    else if (!element.matches(FIELDS) && !element.closest(EDITORS)) {
      reach(element);
      fill(element);
    }
  };
  const reach = (element) => {
    if (!reached.has(element)) {
      if (element.matches(FOCUSABLE) || element.parentElement?.closest(CONTROLS)) return;
      reached.set(element, element.matches(STRUCTURE) ? null : "button");
    }
    const role = reached.get(element);
    if (!element.hasAttribute("tabindex")) element.tabIndex = 0;
    if (role && !element.hasAttribute("role")) element.setAttribute("role", role);
  };
  /** Whether the page took back what was put on `element`: pages that are morphed become what the server sent. */
  const isUndone = (element) =>
    (reached.has(element) && !element.hasAttribute("tabindex")) ||
    (reached.get(element) && !element.hasAttribute("role")) ||
    (filled.has(element) && !element.firstChild);
  /** Writes the number into an element that holds nothing but its `data-phone`. */
  const fill = (element) => {
    const isOurs = filled.has(element) && filled.get(element) === element.textContent;
    if (!isOurs && (element.firstElementChild || element.textContent.trim())) return;
    const text = phone.display(element.dataset.phone);
    if (!text || text === element.textContent) return;
    element.textContent = text;
    filled.set(element, text);
    // Digits and signs keep their order in a page that reads from right to left.
    if (!element.hasAttribute("dir")) element.setAttribute("dir", "ltr");
  };
  const release = (element) => {
    if (filled.get(element) === element.textContent) {
      element.textContent = "";
      element.removeAttribute("dir");
      filled.delete(element);
    }
    if (!reached.has(element)) return;
    element.removeAttribute("tabindex");
    if (reached.get(element)) element.removeAttribute("role");
    reached.delete(element);
  };

  // A page that adds thousands of rows at once must not wait for this: they are visited in slices, when it is idle.
  const idle = window.requestIdleCallback
    ? (work) => window.requestIdleCallback(work, { timeout: IDLE_TIMEOUT_MS })
    : (work) => setTimeout(work);
  const later = () => {
    if (isDue) return;
    isDue = true;
    idle(slice);
  };
  const slice = (deadline) => {
    isDue = false;
    // As much as an idle page gives at once: each slice that writes numbers makes the page lay itself out again.
    const until = now() + Math.max(deadline?.timeRemaining() ?? 0, LEAST_SLICE_MS);
    while (waiting.length > 0 || pass) {
      pass ??= numbersIn(waiting.shift());
      for (let count = 0; pass && count < STEP; count += 1) {
        const { value, done } = pass.next();
        if (done) pass = null;
        else visit(value);
      }
      if (now() >= until) break;
    }
    if (waiting.length > 0 || pass) later();
  };
  const observer = new window.MutationObserver((changes) => {
    for (const { type, target, attributeName, addedNodes } of changes) {
      if (attributeName === "data-phone" || isUndone(target)) waiting.push(target);
      if (type === "childList") for (const node of addedNodes) if (node.nodeType === 1) waiting.push(node);
    }
    if (waiting.length > 0) later();
  });

  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey);
  observer.observe(document.documentElement, {
    attributeFilter: ["data-phone", "role", "tabindex"],
    attributes: true,
    childList: true,
    subtree: true,
  });
  const shown = () => {
    waiting.push(document);
    later();
  };
  shown();

  return {
    shown,
    stop() {
      document.removeEventListener("click", onClick);
      document.removeEventListener("keydown", onKey);
      observer.disconnect();
      waiting.length = 0;
      pass = null;
      document.querySelectorAll("[data-phone]").forEach(release);
    },
  };
}

/** The number that was clicked: through icons and shadow roots, but not through what is there for something else. */
function numberAt(event) {
  let found = null;
  for (const node of event.composedPath()) {
    if (node.nodeType !== 1) continue;
    if (node.isContentEditable || node.matches(FIELDS)) return null;
    if (found) continue;
    if (node.matches(NUMBERS)) found = node;
    else if (node.matches(CONTROLS)) return null;
  }
  return found;
}

/** Whether the click ended a selection of the number's text: somebody who copies a number does not call it. */
function isSelecting(document, event, element) {
  const selection = event.detail && !element.matches("a[href], button") ? document.getSelection() : null;
  return Boolean(selection && !selection.isCollapsed && selection.containsNode(element, true));
}

const isModified = (event) => event.ctrlKey || event.metaKey || event.altKey;

const textOf = (element) =>
  element.getAttribute("data-phone")?.trim() || element.getAttribute("href") || element.textContent.trim();

function* numbersIn(root) {
  if (root.nodeType === 1) yield root;
  yield* root.querySelectorAll("[data-phone]");
}
