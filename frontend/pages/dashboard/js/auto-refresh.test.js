import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { enableAutoRefresh } from "./auto-refresh.js";

const PAGE = `<p data-refresh="/now" hidden>Refreshes. <button data-refresh-switch>Stop refreshing</button></p>
<div data-refresh-problem hidden><p data-refresh-said></p><a data-refresh-sign-in hidden>Sign in</a></div>
<ul data-part="live"><li><a href="/a">A</a></li></ul><p data-part="still">same</p><p id="apart">apart</p>`;
const now = (live) => `<ul data-part="live">${live}</ul><p data-part="still">same</p>`;
const answer = (status, text = "") => ({ status, ok: status < 400, text: async () => text });
const find = (selector) => document.querySelector(selector);
let answers;
let requests;

beforeEach(() => {
  vi.useFakeTimers();
  document.body.innerHTML = PAGE;
  answers = [];
  requests = 0;
  const fetch = async (_, { redirect }) => {
    expect(redirect).toBe("error");
    requests += 1;
    const next = answers.length > 1 ? answers.shift() : answers[0];
    if (next instanceof Error) throw next;
    return next;
  };
  enableAutoRefresh(document, { fetch, interval: 1000 });
});

afterEach(() => {
  look("visible");
  find("[data-refresh-switch]").textContent === "Stop refreshing" && find("[data-refresh-switch]").click();
  vi.useRealTimers();
});

function look(state) {
  Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}

const pass = (milliseconds) => vi.advanceTimersByTimeAsync(milliseconds);

test("replaces the parts that differ, and keeps the focus on its link", async () => {
  const apart = find("#apart");
  find("a[href='/a']").focus();
  let events = 0;
  document.addEventListener("epoch:fresh", () => (events += 1), { once: true });
  answers = [answer(200, now('<li><a href="/b">B</a></li><li><a href="/a">A</a></li>'))];
  expect(find("[data-refresh]").hidden).toBe(false);
  await pass(1000);
  expect(find("[data-part=live]").textContent).toBe("BA");
  expect(document.activeElement.getAttribute("href")).toBe("/a");
  expect(find("#apart")).toBe(apart);
  expect(events).toBe(1);
  const [first] = find("[data-part=live]").children;
  await pass(1000);
  expect(requests).toBe(2);
  expect(find("[data-part=live]").children[0]).toBe(first);
});

test("stops when the session is over and offers to sign in", async () => {
  answers = [answer(401)];
  await pass(1000);
  expect(find("[data-refresh-said]").textContent).toContain("Refreshing has stopped");
  expect(find("[data-refresh-problem]").hidden).toBe(false);
  expect(find("[data-refresh-sign-in]").hidden).toBe(false);
  expect(find("[data-refresh]").hidden).toBe(true);
  await pass(60_000);
  look("visible");
  await pass(60_000);
  expect(requests).toBe(1);
  expect(find("[data-part=live]").textContent).toBe("A");
});

test("shows a failure until a refresh succeeds", async () => {
  answers = [new TypeError("offline"), answer(503), answer(200, now("<li>C</li>"))];
  for (const isSaid of [true, true, false]) {
    await pass(1000);
    expect(find("[data-refresh-problem]").hidden).toBe(!isSaid);
  }
  expect(find("[data-part=live]").textContent).toBe("C");
});

test("does not refresh a hidden page, and refreshes at once when it is shown", async () => {
  answers = [answer(200, now("<li>C</li>"))];
  look("hidden");
  await pass(60_000);
  expect(requests).toBe(0);
  look("visible");
  await pass(0);
  expect(requests).toBe(1);
});

test("can be stopped and started again", async () => {
  answers = [answer(200, now("<li>C</li>"))];
  const button = find("[data-refresh-switch]");
  button.click();
  expect(button.textContent).toBe("Refresh every 10 seconds");
  await pass(60_000);
  expect(requests).toBe(0);
  button.click();
  await pass(0);
  expect(requests).toBe(1);
  await pass(1000);
  expect(requests).toBe(2);
});
