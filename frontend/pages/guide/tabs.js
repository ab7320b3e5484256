/**
 * Shows the subsections of a section as tabs. Without this file they stand below one another, and every link to something
 * inside works by itself; with it, such a link opens the tab first, and so does the browser's own search.
 */

/** Turns each `[data-tabs]` of `document` into tabs; its sections become their panels. */
export function wireTabs(document) {
  for (const group of document.querySelectorAll("[data-tabs]")) build(document, group);
  document.addEventListener("click", ({ target }) => {
    const link = target.closest?.('a[href^="#"]');
    // Clicked twice, an address does not change: then there is no hashchange.
    if (link) open(document, link.hash);
  });
  const { defaultView: window } = document;
  const follow = () => open(document, window.location.hash)?.scrollIntoView();
  window.addEventListener("hashchange", follow);
  follow();
}

function build(document, group) {
  const panels = [...group.querySelectorAll(":scope > section")];
  const list = document.createElement("div");
  list.className = "tab-list";
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", group.dataset.tabs);
  const tabs = panels.map((panel) => tabOf(document, panel));
  list.append(...tabs);
  group.prepend(list);

  const select = (chosen) => {
    for (const [index, tab] of tabs.entries()) {
      const isChosen = tab === chosen;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      // Found by the browser's search all the same, where it can do that.
      const panel = panels[index];
      panel.hidden = isChosen ? false : "until-found";
      // Its box is there, and empty: screen readers need not hear of it.
      panel.ariaHidden = isChosen ? null : "true";
    }
  };
  const choose = (tab) => {
    select(tab);
    const { history } = document.defaultView;
    history.replaceState(history.state, "", `#${tab.dataset.anchor}`);
  };
  list.addEventListener("click", ({ target }) => {
    const tab = target.closest("[role=tab]");
    if (tab) choose(tab);
  });
  list.addEventListener("keydown", (event) => {
    const to = moved(event.key, tabs.indexOf(event.target), tabs.length);
    if (to === null) return;
    event.preventDefault();
    tabs[to].focus();
    choose(tabs[to]);
  });
  for (const [index, panel] of panels.entries()) {
    panel.addEventListener("beforematch", () => select(tabs[index]));
    panel.addEventListener("tab:open", () => select(tabs[index]));
  }
  select(tabs[0]);
}

function tabOf(document, panel) {
  const anchor = panel.getAttribute("aria-labelledby");
  const tab = document.createElement("button");
  tab.type = "button";
  tab.id = `tab-${anchor}`;
  tab.dataset.anchor = anchor;
  tab.setAttribute("role", "tab");
  tab.setAttribute("aria-controls", `panel-${anchor}`);
  // The heading without the link to itself.
  tab.textContent = document.getElementById(anchor).firstChild.textContent.trim();
  panel.id = `panel-${anchor}`;
  panel.setAttribute("role", "tabpanel");
  panel.setAttribute("aria-labelledby", tab.id);
  return tab;
}

/** Where a key leads from tab `from` of `count`; null for keys that lead nowhere. */
function moved(key, from, count) {
  const steps = { ArrowRight: from + 1, ArrowLeft: from - 1, Home: 0, End: count - 1 };
  return key in steps ? (steps[key] + count) % count : null;
}

/** Opens the tab in which the element with this `hash` stands. Returns the element, or null when there is no tab to open. */
function open(document, hash) {
  const target = hash.length > 1 ? document.getElementById(decodeURIComponent(hash.slice(1))) : null;
  const panel = target?.closest("[role=tabpanel]");
  if (!panel) return null;
  panel.dispatchEvent(new document.defaultView.CustomEvent("tab:open"));
  return target;
}
