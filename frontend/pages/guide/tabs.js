/**
 * Shows the subsections of a section as tabs. A link to something inside a tab opens that tab, and so does a match of
 * the browser's own search. Without this script the subsections stand below one another.
 */
import { closest } from "../shared/dom.js";

/** Emitted on a tab's panel to select the tab. */
const OPEN_EVENT = "tab:open";

/**
 * Turn each `[data-tabs]` into tabs; its sections become the panels.
 * @param {Document} document
 */
export function enableTabs(document) {
  for (const group of document.querySelectorAll("[data-tabs]")) {
    buildTabs(document, /** @type {HTMLElement} */ (group));
  }
  document.addEventListener("click", (event) => {
    /** @type {HTMLAnchorElement | null} */
    const link = closest(event, 'a[href^="#"]');
    // A second click on a link does not change the address: then there is no hashchange.
    if (link) openTabOf(document, link.hash);
  });
  const followHash = () => openTabOf(document, window.location.hash)?.scrollIntoView();
  window.addEventListener("hashchange", followHash);
  followHash();
}

/**
 * @param {Document} document
 * @param {HTMLElement} group
 */
function buildTabs(document, group) {
  /** @type {HTMLElement[]} */
  const panels = [...group.querySelectorAll(/** @type {"section"} */ (":scope > section"))];
  const list = document.createElement("div");
  list.className = "tab-list";
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", group.dataset.tabs ?? "");
  const tabs = panels.map((panel) => createTab(document, panel));
  list.append(...tabs);
  group.prepend(list);

  /** @param {HTMLElement} selected */
  const select = (selected) => {
    for (const [index, tab] of tabs.entries()) {
      const isSelected = tab === selected;
      tab.setAttribute("aria-selected", String(isSelected));
      tab.tabIndex = isSelected ? 0 : -1;
      const panel = panels[index];
      // Browsers that can search hidden text find it; the others hide it.
      if (isSelected) panel.removeAttribute("hidden");
      else panel.setAttribute("hidden", "until-found");
      // Its box is still laid out, and empty: screen readers skip it.
      panel.ariaHidden = isSelected ? null : "true";
    }
  };
  /** @param {HTMLElement} tab */
  const choose = (tab) => {
    select(tab);
    history.replaceState(history.state, "", `#${tab.dataset.anchor}`);
  };
  list.addEventListener("click", (event) => {
    const tab = closest(event, "[role=tab]");
    if (tab) choose(tab);
  });
  list.addEventListener("keydown", (event) => {
    const current = tabs.findIndex((tab) => tab === event.target);
    const next = indexAfterKey(event.key, current, tabs.length);
    if (next === null) return;
    event.preventDefault();
    tabs[next].focus();
    choose(tabs[next]);
  });
  for (const [index, panel] of panels.entries()) {
    for (const event of ["beforematch", OPEN_EVENT]) panel.addEventListener(event, () => select(tabs[index]));
  }
  select(tabs[0]);
}

/**
 * @param {Document} document
 * @param {HTMLElement} panel
 */
function createTab(document, panel) {
  const anchor = panel.getAttribute("aria-labelledby") ?? "";
  const tab = document.createElement("button");
  tab.type = "button";
  tab.id = `tab-${anchor}`;
  tab.dataset.anchor = anchor;
  tab.setAttribute("role", "tab");
  tab.setAttribute("aria-controls", `panel-${anchor}`);
  // The heading's text without its link to itself.
  tab.textContent = document.getElementById(anchor)?.firstChild?.textContent?.trim() ?? "";
  panel.id = `panel-${anchor}`;
  panel.setAttribute("role", "tabpanel");
  panel.setAttribute("aria-labelledby", tab.id);
  return tab;
}

/**
 * The index that a key selects after tab `current` of `count`; null for other keys.
 * @param {string} key
 * @param {number} current
 * @param {number} count
 */
function indexAfterKey(key, current, count) {
  /** @type {Record<string, number>} */
  const indexes = { ArrowRight: current + 1, ArrowLeft: current - 1, Home: 0, End: count - 1 };
  return key in indexes ? (indexes[key] + count) % count : null;
}

/**
 * Open the tab that holds the element with this `hash`. Returns the element; null if it is in no tab.
 * @param {Document} document
 * @param {string} hash
 */
function openTabOf(document, hash) {
  const target = hash.length > 1 ? document.getElementById(decodeURIComponent(hash.slice(1))) : null;
  const panel = target?.closest("[role=tabpanel]");
  if (!panel) return null;
  panel.dispatchEvent(new CustomEvent(OPEN_EVENT));
  return target;
}
