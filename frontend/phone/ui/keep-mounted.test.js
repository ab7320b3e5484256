/** Checks that the phone's element is added again when the page removes it. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { keepMounted } from "./keep-mounted.js";

/** A document of its own with the phone's element kept on it. */
function mountPhone(markup = "<!doctype html><html><head></head><body></body></html>") {
  const page = new DOMParser().parseFromString(markup, "text/html");
  const host = page.createElement("epoch-phone");
  const mount = keepMounted(host, { document: page, window, now: Date.now });
  return { page, host, mount };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

describe("keepMounted", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  test("adds the element beside the body", () => {
    const { page, host } = mountPhone();
    expect(host.parentNode).toBe(page.documentElement);
  });

  test("leaves a removed element away, also when a late step attaches or checks it", async () => {
    const { page, host, mount } = mountPhone();
    mount.stop();
    mount.check();
    mount.attach(page.body);
    await settle();
    expect(host.isConnected).toBe(false);
  });

  test("waits for the body", async () => {
    const page = new DOMParser().parseFromString("<!doctype html><html></html>", "text/html");
    page.body.remove();
    const host = page.createElement("epoch-phone");
    keepMounted(host, { document: page, window, now: Date.now });
    expect(host.isConnected).toBe(false);
    page.documentElement.append(page.createElement("body"));
    await settle();
    expect(host.isConnected).toBe(true);
  });

  test("keeps the element when the body is replaced, and adds it again when the page removes it", async () => {
    const { page, host } = mountPhone();
    page.body.replaceWith(page.createElement("body"));
    await settle();
    expect(host.isConnected).toBe(true);
    await vi.advanceTimersByTimeAsync(2_000);
    host.remove();
    await settle();
    expect(host.isConnected).toBe(true);
  });

  test("adds it again each time the whole document is rendered again", async () => {
    const { page, host } = mountPhone();
    for (let times = 0; times < 3; times += 1) {
      await vi.advanceTimersByTimeAsync(2_000);
      const html = page.createElement("html");
      html.append(page.createElement("head"), page.createElement("body"));
      page.replaceChild(html, page.documentElement);
      await settle();
      expect(host.parentNode).toBe(html);
    }
  });

  test("waits longer each time for a page that removes it each time", async () => {
    const { page, host } = mountPhone();
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

  test("removes copies of the element, which have no phone in them", async () => {
    const { page, host } = mountPhone();
    host.attachShadow({ mode: "open" });
    await vi.advanceTimersByTimeAsync(2_000);
    const markup = page.documentElement.innerHTML;
    page.documentElement.innerHTML = markup;
    await settle();
    expect([...page.querySelectorAll("epoch-phone")]).toEqual([host]);
  });

  test("does not add it again after it is stopped", async () => {
    const { page, host, mount } = mountPhone();
    mount.stop();
    page.body.replaceWith(page.createElement("body"));
    await settle();
    expect(host.isConnected).toBe(false);
  });
});
