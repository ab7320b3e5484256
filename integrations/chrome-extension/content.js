// Content script: adds a call button beside each phone number of a page, but not in text fields and code, and not on
// the sites that the options exclude.
const SKIPPED =
  "input, textarea, select, button, script, style, noscript, code, pre, svg, [contenteditable], [role=textbox]";
const NUMBER_LINKS = 'a[href^="tel:"], [data-phone]';
const CHIP_ATTRIBUTE = "data-epoch-chip";
const MAX_CHIPS = 500;
const IDLE_TIMEOUT_MS = 1_000;
const CHIP_STYLES = `
:host { display: inline-block; margin-inline-start: 4px; vertical-align: middle; }
button { all: unset; display: grid; place-items: center; box-sizing: border-box; width: 24px; height: 24px; border-radius: 12px;
  background: #047857; color: #fff; cursor: pointer; }
button:hover { background: #065f46; }
button:focus-visible { outline: 2px solid #047857; outline-offset: 2px; }
svg { width: 14px; height: 14px; fill: currentColor; }`;
const HANDSET_PATH =
  "M4.4 2.9 6.6 2.4a1 1 0 0 1 1.2.6l1 2.6a1 1 0 0 1-.3 1.1L7.2 7.8a9.6 9.6 0 0 0 5 5l1.1-1.3a1 1 0 0 1 1.1-.3l2.6 1a1 1 0 0 1 " +
  ".6 1.2l-.5 2.2a1.6 1.6 0 0 1-1.6 1.2A13 13 0 0 1 3.2 4.5a1.6 1.6 0 0 1 1.2-1.6Z";
const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

const styleSheet = new CSSStyleSheet();
styleSheet.replaceSync(CHIP_STYLES);
let chipCount = 0;
/** @type {Set<Node>} */
let waiting = new Set();

/** @param {string} number */
function createChip(number) {
  const host = document.createElement("span");
  host.setAttribute(CHIP_ATTRIBUTE, "");
  const shadow = host.attachShadow({ mode: "open" });
  shadow.adoptedStyleSheets = [styleSheet];
  const button = document.createElement("button");
  button.type = "button";
  button.title = `Call ${number}`;
  button.setAttribute("aria-label", `Call ${number}`);
  const icon = document.createElementNS(SVG_NAMESPACE, "svg");
  icon.setAttribute("viewBox", "0 0 20 20");
  icon.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG_NAMESPACE, "path");
  path.setAttribute("d", HANDSET_PATH);
  icon.append(path);
  button.append(icon);
  button.addEventListener("click", (event) => {
    event.preventDefault();
    event.stopPropagation();
    // Only a person's own click counts: the page cannot call by itself. A double click calls once.
    if (event.isTrusted && event.detail < 2) chrome.runtime.sendMessage({ call: number });
  });
  button.addEventListener("keydown", (event) => {
    // A held Enter would click again and again.
    if (event.repeat && event.key === "Enter") event.preventDefault();
  });
  shadow.append(button);
  chipCount += 1;
  return host;
}

/** @param {Node | null} node */
const isChip = (node) => node instanceof Element && node.hasAttribute(CHIP_ATTRIBUTE);

/** @param {string} url A `tel:` URL; one with wrong escapes is not decoded. */
function withoutScheme(url) {
  const number = url.trim().replace(/^tel:/i, "");
  try {
    return decodeURIComponent(number);
  } catch {
    return number;
  }
}

/** @param {HTMLElement} link */
function addChipToLink(link) {
  const number = link.dataset.phone || withoutScheme(link.getAttribute("href") ?? "");
  if (!number || chipCount >= MAX_CHIPS || isChip(link.nextElementSibling) || link.closest(SKIPPED)) return;
  link.after(createChip(number));
}

/** @param {Text} text */
function addChipsToText(text) {
  if (text.parentElement?.closest(`${SKIPPED}, ${NUMBER_LINKS}, [${CHIP_ATTRIBUTE}]`)) return;
  // From the end, so that earlier positions stay valid.
  for (const { end, number } of findNumbers(text.data).reverse()) {
    if (chipCount >= MAX_CHIPS) return;
    if (end === text.length && isChip(text.nextSibling)) continue;
    const rest = text.splitText(end);
    rest.before(createChip(number));
    if (!rest.length) rest.remove();
  }
}

/** @param {Node} root */
function addChips(root) {
  if (!root.isConnected) return;
  if (root instanceof Text) {
    addChipsToText(root);
    return;
  }
  if (!(root instanceof HTMLElement)) return;
  if (root.matches(NUMBER_LINKS)) addChipToLink(root);
  for (const link of root.querySelectorAll(NUMBER_LINKS)) addChipToLink(/** @type {HTMLElement} */ (link));
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(/** @type {Text} */ (walker.currentNode));
  for (const text of texts) addChipsToText(text);
}

/** @param {Node[]} roots */
function schedule(roots) {
  if (waiting.size === 0) requestIdleCallback(processWaiting, { timeout: IDLE_TIMEOUT_MS });
  for (const root of roots) waiting.add(root);
}

function processWaiting() {
  const roots = waiting;
  waiting = new Set();
  for (const root of roots) addChips(root);
}

chrome.storage.local.get("quietSites").then((/** @type {{quietSites?: string[]}} */ { quietSites = [] }) => {
  if (quietSites.includes(location.hostname)) return;
  schedule([document.body]);
  new MutationObserver((changes) => {
    schedule(changes.flatMap((change) => (change.type === "characterData" ? [change.target] : [...change.addedNodes])));
  }).observe(document.body, { childList: true, characterData: true, subtree: true });
});
