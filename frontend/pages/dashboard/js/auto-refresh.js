import { localTimes } from "./local-times.js";

const EVERY_MS = 10_000;
const SAID = {
  over: "Refreshing has stopped: you are signed out after 30 minutes without a click.",
  failed: "The last refresh failed. What you see may be old; it is tried again.",
};

/** Refreshes the parts of the page that names an address in `data-refresh`. */
export function wireRefresh(document, { fetch = globalThis.fetch, every = EVERY_MS } = {}) {
  const line = document.querySelector("[data-refresh]");
  if (!line) return;
  const problem = document.querySelector("[data-refresh-problem]");
  const button = line.querySelector("[data-refresh-switch]");
  let timer = 0;
  let isWanted = true;
  let isAsking = false;

  function say(what) {
    problem.hidden = !what;
    problem.querySelector("[data-refresh-sign-in]").hidden = what !== "over";
    if (what) problem.querySelector("[data-refresh-said]").textContent = SAID[what];
  }

  function plan() {
    clearTimeout(timer);
    if (isWanted && document.visibilityState === "visible") timer = setTimeout(refresh, every);
  }

  async function refresh() {
    if (isAsking) return;
    isAsking = true;
    try {
      const answer = await fetch(line.dataset.refresh, { redirect: "error" });
      if (answer.status === 401 || answer.status === 403) {
        isWanted = false;
        line.hidden = true;
        say("over");
        return;
      }
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      replaceParts(document, await answer.text());
      say("");
    } catch {
      say("failed");
    } finally {
      isAsking = false;
      plan();
    }
  }

  button.addEventListener("click", () => {
    isWanted = !isWanted;
    button.textContent = isWanted ? "Stop refreshing" : "Refresh every 10 seconds";
    line.firstChild.textContent = isWanted ? "Refreshes every 10 seconds while you look at it. " : "Does not refresh. ";
    if (isWanted) refresh();
    else plan();
  });
  document.addEventListener("visibilitychange", () => {
    if (isWanted && document.visibilityState === "visible") refresh();
    else plan();
  });
  line.hidden = false;
  plan();
}

const shown = new WeakMap();

/** What differs is replaced, and whoever had the focus on a link there has it on the same link again. */
function replaceParts(document, html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  for (const part of document.querySelectorAll("[data-part]")) {
    const now = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
    if (!now) continue;
    const nodes = now.innerHTML;
    if (shown.get(part) === nodes) continue;
    const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    shown.set(part, nodes);
    part.replaceChildren(...now.childNodes);
    if (focused !== null)
      [...part.querySelectorAll("a[href]")].find((link) => link.getAttribute("href") === focused)?.focus();
  }
  localTimes(document);
  document.dispatchEvent(new CustomEvent("epoch:fresh"));
}
