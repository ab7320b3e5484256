/** Keeps the phone's element on the page: beside the body, and back again when the page threw it out. */
const BRIEF_MS = 1_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 10_000;

/** Attach `host` as soon as there is a body, and whenever it is gone; returns the way to stop and remove it. */
export function keepMounted(host, { document, window, now }) {
  let attachedAt = Number.NEGATIVE_INFINITY;
  let pause = 0;
  let timer = 0;
  const attach = () => {
    timer = 0;
    if (host.isConnected || !document.body) return;
    attachedAt = now();
    // Lightning Web Security keeps elements out of the root by append(), and may do so by appendChild().
    try {
      document.documentElement.appendChild(host);
    } catch {
      document.body.appendChild(host);
    }
  };
  const look = () => {
    // Frameworks that render whole documents replace this element too.
    if (document.documentElement) watch(document.documentElement);
    if (host.isConnected || timer) return;
    // A page that throws the element out at once, each time, is not fought for the processor.
    pause = now() - attachedAt < BRIEF_MS ? Math.min(2 * pause + FIRST_PAUSE_MS, LONGEST_PAUSE_MS) : 0;
    if (pause) timer = setTimeout(attach, pause);
    else attach();
  };
  const observer = new window.MutationObserver(look);
  function watch(target) {
    try {
      observer.observe(target, { childList: true });
    } catch {
      // A sandbox that hides what everybody shares: nobody there throws the phone out either.
    }
  }
  watch(document);
  look();
  return () => {
    observer.disconnect();
    clearTimeout(timer);
    host.remove();
  };
}
