/** Checks that click-to-call changes nothing in a page before the page is loaded. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import "../../tests/support/jsdom-styles.js";
import { fakeEnvironment, fakeServer, settle } from "../../tests/support/fakes.js";
import { EmbeddedPhone } from "../api.js";

let embedded;

/** A page with click-to-call that is still loading. */
async function startPhone() {
  const env = { ...fakeEnvironment({ fetch: fakeServer().fetch }), document };
  env.window.MutationObserver = window.MutationObserver;
  env.window.matchMedia = () => ({ matches: false, addEventListener() {}, removeEventListener() {} });
  env.window.sessionStorage = { getItem: () => null, setItem() {}, removeItem() {} };
  embedded = new EmbeddedPhone(null, env);
  embedded.api.init({ token: "ept_x", apiBase: "https://voice.example", clickToCall: "on" });
  await settle();
  await vi.advanceTimersByTimeAsync(1_000);
  return env.window;
}

const addNumber = () => {
  const element = Object.assign(document.createElement("span"), { textContent: "Ada" });
  element.dataset.phone = "+12125550101";
  document.body.append(element);
  return element;
};
const isReachable = (element) => element.getAttribute("tabindex") === "0";

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(document, "readyState", "get").mockReturnValue("interactive");
  document.body.replaceChildren();
});
afterEach(() => {
  embedded.destroy();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test("elements stay as the page made them until it is loaded", async () => {
  const element = addNumber();
  const page = await startPhone();
  expect(isReachable(element)).toBe(false);
  page.dispatchEvent(new Event("load"));
  await vi.advanceTimersByTimeAsync(100);
  expect(isReachable(element)).toBe(true);
});

test("a page that never finishes loading is waited for once", async () => {
  const element = addNumber();
  await startPhone();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(isReachable(element)).toBe(true);
  const later = addNumber();
  await vi.advanceTimersByTimeAsync(100);
  expect(isReachable(later)).toBe(true);
});
