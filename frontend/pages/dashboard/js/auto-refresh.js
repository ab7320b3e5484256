/** Refreshes the `data-part` elements of a page every 10 seconds from the URL in `data-refresh`, while it is visible. */
import { find } from "../../shared/dom.js";
import { showLocalTimes } from "./local-times.js";

const INTERVAL_MS = 10_000;
const PROBLEM_TEXTS = {
  signedOut: "Refreshing has stopped: you are signed out after 30 minutes without a click.",
  failed: "The last refresh failed. The figures may be old; the page tries again.",
};
/** Emitted on the document after a refresh. */
export const REFRESHED_EVENT = "epoch:fresh";

/**
 * @param {Document} document
 * @param {{fetch?: (url: string, options: RequestInit) => Promise<Response>, interval?: number}} [options]
 */
export function enableAutoRefresh(document, { fetch = globalThis.fetch, interval = INTERVAL_MS } = {}) {
  /** @type {HTMLElement | null} */
  const controls = document.querySelector("[data-refresh]");
  if (!controls) return;
  const url = controls.dataset.refresh ?? "";
  const problemBox = find(document, "[data-refresh-problem]");
  const button = find(controls, "[data-refresh-switch]");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let isOn = true;
  let isRequesting = false;

  /** @param {keyof typeof PROBLEM_TEXTS | null} problem */
  function showProblem(problem) {
    problemBox.hidden = !problem;
    find(problemBox, "[data-refresh-sign-in]").hidden = problem !== "signedOut";
    if (problem) find(problemBox, "[data-refresh-said]").textContent = PROBLEM_TEXTS[problem];
  }

  function schedule() {
    clearTimeout(timer);
    if (isOn && document.visibilityState === "visible") timer = setTimeout(refresh, interval);
  }

  async function refresh() {
    if (isRequesting) return;
    isRequesting = true;
    try {
      const response = await fetch(url, { redirect: "error" });
      if (response.status === 401 || response.status === 403) {
        isOn = false;
        /** @type {HTMLElement} */ (controls).hidden = true;
        showProblem("signedOut");
        return;
      }
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      replaceParts(document, await response.text());
      showProblem(null);
    } catch {
      showProblem("failed");
    } finally {
      isRequesting = false;
      schedule();
    }
  }

  button.addEventListener("click", () => {
    isOn = !isOn;
    button.textContent = isOn ? "Stop refreshing" : "Refresh every 10 seconds";
    const text = isOn ? "Refreshes every 10 seconds while you look at it. " : "Does not refresh. ";
    if (controls.firstChild) controls.firstChild.textContent = text;
    if (isOn) refresh();
    else schedule();
  });
  document.addEventListener("visibilitychange", () => {
    if (isOn && document.visibilityState === "visible") refresh();
    else schedule();
  });
  controls.hidden = false;
  schedule();
}

/**
 * The markup with which each part was last replaced.
 * @type {WeakMap<Element, string>}
 */
const shownMarkup = new WeakMap();

/**
 * Replace the parts that differ. A link that had the focus keeps it.
 * @param {Document} document
 * @param {string} html
 */
function replaceParts(document, html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  /** @type {NodeListOf<HTMLElement>} */
  const parts = document.querySelectorAll("[data-part]");
  for (const part of parts) {
    const updated = page.querySelector(`[data-part="${part.dataset.part}"]`);
    if (!updated) continue;
    const markup = updated.innerHTML;
    if (shownMarkup.get(part) === markup) continue;
    const { activeElement } = document;
    const focusedHref = part.contains(activeElement) ? (activeElement?.getAttribute("href") ?? null) : null;
    shownMarkup.set(part, markup);
    part.replaceChildren(...updated.childNodes);
    if (focusedHref === null) continue;
    /** @type {NodeListOf<HTMLAnchorElement>} */
    const links = part.querySelectorAll("a[href]");
    [...links].find((link) => link.getAttribute("href") === focusedHref)?.focus();
  }
  showLocalTimes(document);
  document.dispatchEvent(new CustomEvent(REFRESHED_EVENT));
}
