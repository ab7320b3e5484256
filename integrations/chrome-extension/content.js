// Puts a call chip beside each phone number of the page. It touches nothing that people type into or that is code.
const SKIPPED =
  "input, textarea, select, button, script, style, noscript, code, pre, svg, [contenteditable], [role=textbox]";
const LINKS = 'a[href^="tel:"], [data-phone]';
const MARK = "data-epoch-chip";
const MOST_CHIPS = 500;
const STYLES = `
:host { display: inline-block; margin-inline-start: 4px; vertical-align: middle; }
button { all: unset; display: grid; place-items: center; box-sizing: border-box; width: 24px; height: 24px; border-radius: 12px;
  background: #047857; color: #fff; cursor: pointer; }
button:hover { background: #065f46; }
button:focus-visible { outline: 2px solid #047857; outline-offset: 2px; }
svg { width: 14px; height: 14px; fill: currentColor; }`;
const HANDSET =
  "M4.4 2.9 6.6 2.4a1 1 0 0 1 1.2.6l1 2.6a1 1 0 0 1-.3 1.1L7.2 7.8a9.6 9.6 0 0 0 5 5l1.1-1.3a1 1 0 0 1 1.1-.3l2.6 1a1 1 0 0 1 " +
  ".6 1.2l-.5 2.2a1.6 1.6 0 0 1-1.6 1.2A13 13 0 0 1 3.2 4.5a1.6 1.6 0 0 1 1.2-1.6Z";
const SVG = "http://www.w3.org/2000/svg";

const sheet = new CSSStyleSheet();
sheet.replaceSync(STYLES);
let chips = 0;
let waiting = new Set();

function chip(number) {
  const host = document.createElement("span");
  host.setAttribute(MARK, "");
  const shadow = host.attachShadow({ mode: "open" });
  shadow.adoptedStyleSheets = [sheet];
  const button = document.createElement("button");
  button.type = "button";
  button.title = `Call ${number}`;
  button.setAttribute("aria-label", `Call ${number}`);
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", "0 0 20 20");
  picture.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", HANDSET);
  picture.append(path);
  button.append(picture);
  button.addEventListener("click", (event) => {
    event.preventDefault();
    event.stopPropagation();
    // A page cannot call by itself: only a person's own click counts.
    if (event.isTrusted) chrome.runtime.sendMessage({ call: number });
  });
  shadow.append(button);
  chips += 1;
  return host;
}

const hasChip = (element) => element.nextElementSibling?.hasAttribute(MARK);

function markLink(element) {
  const number =
    element.dataset.phone || decodeURIComponent((element.getAttribute("href") ?? "").replace(/^tel:/i, ""));
  if (number && chips < MOST_CHIPS && !hasChip(element) && !element.closest(SKIPPED)) element.after(chip(number));
}

function markText(node) {
  if (node.parentElement?.closest(`${SKIPPED}, ${LINKS}, [${MARK}]`)) return;
  // From the end, so that what stands before keeps its place.
  for (const { end, number } of findNumbers(node.data).reverse()) {
    if (chips >= MOST_CHIPS) return;
    const follower = end === node.length ? node.nextSibling : null;
    if (follower?.nodeType === Node.ELEMENT_NODE && follower.hasAttribute(MARK)) continue;
    const rest = node.splitText(end);
    rest.before(chip(number));
    if (!rest.length) rest.remove();
  }
}

function mark(root) {
  if (!root.isConnected) return;
  if (root.nodeType === Node.TEXT_NODE) {
    markText(root);
    return;
  }
  if (root.matches?.(LINKS)) markLink(root);
  for (const link of root.querySelectorAll(LINKS)) markLink(link);
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const text of texts) markText(text);
}

function later(roots) {
  if (waiting.size === 0) requestIdleCallback(work, { timeout: 1000 });
  for (const root of roots) waiting.add(root);
}

function work() {
  const roots = waiting;
  waiting = new Set();
  for (const root of roots) mark(root);
}

chrome.storage.local.get("quietSites").then(({ quietSites = [] }) => {
  if (quietSites.includes(location.hostname)) return;
  later([document.body]);
  new MutationObserver((changes) => {
    later(changes.flatMap((change) => (change.type === "characterData" ? [change.target] : [...change.addedNodes])));
  }).observe(document.body, { childList: true, characterData: true, subtree: true });
});
