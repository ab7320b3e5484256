import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { UnloadPrompt } from "./unload-prompt.js";

let question;
/** True if the page asks before it is left. */
const asks = () => !window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
const press = (markup) => {
  document.body.innerHTML = markup;
  // The browser's own action would be a navigation.
  document.body.addEventListener("click", (event) => event.preventDefault(), { once: true });
  document.querySelector("#it").click();
};
const submit = (markup) => {
  document.body.innerHTML = markup;
  document.querySelector("form").dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
};

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("navigation", new EventTarget());
  question = new UnloadPrompt({ window });
  question.set(true);
});
afterEach(() => {
  question.set(false);
  document.body.replaceChildren();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("asks while it is on", () => {
  expect(asks()).toBe(true);
  question.set(false);
  expect(asks()).toBe(false);
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
])("a click on a link to %s asks: %s", (address, expected) => {
  press(`<a href="${address}"><b id="it">Ada</b></a>`);
  expect(asks()).toBe(expected);
});

test("a download asks only where the browser would open it", () => {
  press('<a id="it" href="/calls.csv" download>CSV</a>');
  expect(asks()).toBe(false);
  press('<a id="it" href="https://files.example/calls.csv" download>CSV</a>');
  expect(asks()).toBe(true);
});

test("a form asks unless it is for another program", () => {
  submit('<form action="mailto:ada@example.com"></form>');
  expect(asks()).toBe(false);
  submit('<form action="/next"></form>');
  expect(asks()).toBe(true);
  submit("<form></form>");
  expect(asks()).toBe(true);
});

test.each([
  ["mailto:ada@example.com", null, false],
  ["https://elsewhere.example/", null, true],
  ["https://elsewhere.example/calls.csv", "calls.csv", true],
  [new URL("/calls.csv", location.href).href, "calls.csv", false],
  ["blob:https://elsewhere.example/1", "", false],
])("a script that navigates to %s (download: %s) asks: %s", (url, downloadRequest, expected) => {
  navigation.dispatchEvent(Object.assign(new Event("navigate"), { destination: { url }, downloadRequest }));
  expect(asks()).toBe(expected);
});

test("the exception holds for one navigation, and not for long", () => {
  press('<a id="it" href="mailto:ada@example.com">Ada</a>');
  expect([asks(), asks()]).toEqual([false, true]);
  press('<a id="it" href="mailto:ada@example.com">Ada</a>');
  vi.advanceTimersByTime(1_000);
  expect(asks()).toBe(true);
});
