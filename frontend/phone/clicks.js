/** Click-to-call: one listener for every number of the page, rows added later included. */
const NUMBERS = '[data-phone], a[href^="tel:" i]';
const EDITABLE = "input, textarea, select, [contenteditable]:not([contenteditable=false])";
const NATIVE = "a[href], button, input, select, textarea, summary, [tabindex]";

/** Call numbers of `document` through `phone`; returns the way to stop. */
export function clickToCall(document, phone) {
  const reached = new Set();

  const onClick = (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    dial(event);
  };
  const onKey = (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    // Links and buttons turn Enter and space into a click by themselves.
    const element = event.key === "Enter" || event.key === " " ? numberAt(event) : null;
    if (element && reached.has(element) && event.target === element) dial(event);
  };
  const dial = (event) => {
    const element = numberAt(event);
    // With no phone to call with, a tel: link does what it always did.
    if (!element || !(phone.canDial() || phone.isInCall())) return;
    event.preventDefault();
    if (phone.canDial()) phone.call(numberOf(element));
    else phone.open();
  };
  const reach = (root) => {
    if (root.matches?.("[data-phone]")) makeFocusable(root);
    for (const element of root.querySelectorAll?.("[data-phone]") ?? []) makeFocusable(element);
  };
  const makeFocusable = (element) => {
    if (element.matches(NATIVE) || element.closest(`a[href], button, ${EDITABLE}`)) return;
    element.tabIndex = 0;
    if (!element.hasAttribute("role")) element.setAttribute("role", "button");
    reached.add(element);
  };
  const observer = new MutationObserver((changes) => {
    for (const { addedNodes } of changes) addedNodes.forEach(reach);
  });

  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey);
  observer.observe(document.documentElement, { childList: true, subtree: true });
  reach(document);

  return () => {
    document.removeEventListener("click", onClick);
    document.removeEventListener("keydown", onKey);
    observer.disconnect();
    for (const element of reached) {
      element.removeAttribute("tabindex");
      if (element.getAttribute("role") === "button") element.removeAttribute("role");
    }
  };
}

function numberAt(event) {
  const target = event.composedPath()[0];
  const element = (target instanceof Element ? target : target?.parentElement) ?? null;
  if (!element || element.closest(EDITABLE)) return null;
  return element.closest(NUMBERS);
}

function numberOf(element) {
  return element.getAttribute("data-phone") || element.getAttribute("href") || element.textContent.trim();
}
