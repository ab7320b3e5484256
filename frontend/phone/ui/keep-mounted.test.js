import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { keepMounted } from "./keep-mounted.js";

/** A document of its own with the phone's element kept on it. */
function begin(markup = "<!doctype html><html><head></head><body></body></html>") {
  const page = new DOMParser().parseFromString(markup, "text/html");
  const host = page.createElement("epoch-phone");
  const stop = keepMounted(host, { document: page, window, now: Date.now });
  return { page, host, stop };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

describe("the phone's element", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  test("stands beside the body", () => {
    const { page, host } = begin();
    expect(host.parentNode).toBe(page.documentElement);
  });

  test("waits for a body", async () => {
    const page = new DOMParser().parseFromString("<!doctype html><html></html>", "text/html");
    page.body.remove();
    const host = page.createElement("epoch-phone");
    keepMounted(host, { document: page, window, now: Date.now });
    expect(host.isConnected).toBe(false);
    page.documentElement.append(page.createElement("body"));
    await settle();
    expect(host.isConnected).toBe(true);
  });

  test("stays when the body is replaced, and comes back when it is thrown out itself", async () => {
    const { page, host } = begin();
    page.body.replaceWith(page.createElement("body"));
    await settle();
    expect(host.isConnected).toBe(true);
    await vi.advanceTimersByTimeAsync(2_000);
    host.remove();
    await settle();
    expect(host.isConnected).toBe(true);
  });

  test("comes back when the whole document is rendered anew, again and again", async () => {
    const { page, host } = begin();
    for (let times = 0; times < 3; times += 1) {
      await vi.advanceTimersByTimeAsync(2_000);
      const html = page.createElement("html");
      html.append(page.createElement("head"), page.createElement("body"));
      page.replaceChild(html, page.documentElement);
      await settle();
      expect(host.parentNode).toBe(html);
    }
  });

  test("does not fight a page that throws it out each time", async () => {
    const { page, host } = begin();
    let thrown = 0;
    const observer = new MutationObserver(() => {
      if (!host.isConnected) return;
      thrown += 1;
      host.remove();
    });
    observer.observe(page.documentElement, { childList: true });
    host.remove();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(thrown).toBeGreaterThan(5);
    expect(thrown).toBeLessThan(20);
    observer.disconnect();
  });

  test("is gone for good once stopped", async () => {
    const { page, host, stop } = begin();
    stop();
    page.body.replaceWith(page.createElement("body"));
    await settle();
    expect(host.isConnected).toBe(false);
  });
});
