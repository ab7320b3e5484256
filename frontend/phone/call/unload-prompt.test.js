/** Checks when the browser asks before a page with a call is left. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { UnloadPrompt } from "./unload-prompt.js";

let prompt;
/** True if the page asks before it is left. */
const isAsked = () => !window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
const press = (markup) => {
  document.body.innerHTML = markup;
  // The browser's own action would be a navigation.
  document.body.addEventListener("click", (event) => event.preventDefault(), { once: true });
  document.querySelector("#link").click();
};
const submit = (markup) => {
  document.body.innerHTML = markup;
  document.querySelector("form").dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
};

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("navigation", new EventTarget());
  prompt = new UnloadPrompt({ window });
  prompt.set(true);
});
afterEach(() => {
  prompt.set(false);
  document.body.replaceChildren();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("asks while it is on", () => {
  expect(isAsked()).toBe(true);
  prompt.set(false);
  expect(isAsked()).toBe(false);
});

test.each([
  ["mailto:ada@example.com", false],
  ["tel:+12125550101", false],
  ["sms:+12125550101", false],
  ["callto:ada", false],
  ["skype:ada?call", false],
  ["javascript:void 0", false],
  ["/next", true],
  ["https://elsewhere.example/", true],
])("a click on a link to %s asks: %s", (href, expected) => {
  press(`<a href="${href}"><b id="link">Ada</b></a>`);
  expect(isAsked()).toBe(expected);
});

test("a download asks only where the browser would open it", () => {
  press('<a id="link" href="/calls.csv" download>CSV</a>');
  expect(isAsked()).toBe(false);
  press('<a id="link" href="https://files.example/calls.csv" download>CSV</a>');
  expect(isAsked()).toBe(true);
});

test("a form asks unless it is for another program", () => {
  submit('<form action="mailto:ada@example.com"></form>');
  expect(isAsked()).toBe(false);
  submit('<form action="/next"></form>');
  expect(isAsked()).toBe(true);
  submit("<form></form>");
  expect(isAsked()).toBe(true);
});

test.each([
  ["mailto:ada@example.com", null, false],
  ["https://elsewhere.example/", null, true],
  ["https://elsewhere.example/calls.csv", "calls.csv", true],
  [new URL("/calls.csv", location.href).href, "calls.csv", false],
  ["blob:https://elsewhere.example/1", "", false],
])("a script that navigates to %s (download: %s) asks: %s", (url, downloadRequest, expected) => {
  navigation.dispatchEvent(Object.assign(new Event("navigate"), { destination: { url }, downloadRequest }));
  expect(isAsked()).toBe(expected);
});

test("a click on a mailto: link exempts one navigation, for less than a second", () => {
  press('<a id="link" href="mailto:ada@example.com">Ada</a>');
  expect([isAsked(), isAsked()]).toEqual([false, true]);
  press('<a id="link" href="mailto:ada@example.com">Ada</a>');
  vi.advanceTimersByTime(1_000);
  expect(isAsked()).toBe(true);
});
