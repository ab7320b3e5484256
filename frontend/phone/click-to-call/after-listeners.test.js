/** Checks that a decision about a click comes after the page's listeners and before the browser's default action. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { afterListeners } from "./after-listeners.js";

/** Add the page's listener `act` at the first element that matches `selector`, or at the window. */
const listen = (selector, act, isCapture = false) => {
  const node = selector === "window" ? window : document.querySelector(selector);
  node.addEventListener("click", act, isCapture);
  removals.push(() => node.removeEventListener("click", act, isCapture));
};
let removals = [];
let decided = [];
let willPrevent = true;
const dialled = () => decided.filter((isPrevented) => !isPrevented).length;

const onClick = (event) =>
  afterListeners(event, {
    willPrevent: () => willPrevent,
    hasDefaultAction: true,
    decide: (isPrevented) => {
      decided.push(isPrevented);
      if (!isPrevented) event.preventDefault();
    },
  });

beforeEach(() => {
  decided = [];
  willPrevent = true;
  document.body.innerHTML = '<table><tr><td><a href="#tel"><b>Ada</b></a></td></tr></table>';
  window.addEventListener("click", onClick, true);
  removals = [() => window.removeEventListener("click", onClick, true)];
});
afterEach(() => {
  for (const remove of removals) remove();
  document.body.replaceChildren();
});

const click = async () => {
  const event = new MouseEvent("click", { bubbles: true, cancelable: true });
  document.querySelector("b").dispatchEvent(event);
  const wasPrevented = event.defaultPrevented;
  await new Promise((resolve) => setTimeout(resolve));
  return wasPrevented;
};

const stop = (event) => event.stopPropagation();
const stopAtOnce = (event) => event.stopImmediatePropagation();
const prevent = (event) => event.preventDefault();

test("decides at the end of the event's path, before the default action", async () => {
  const order = [];
  listen("window", () => order.push(decided.length));
  expect(await click()).toBe(true);
  expect([dialled(), order]).toEqual([1, [0]]);
});

describe.each([
  ["stopPropagation", stop],
  ["stopImmediatePropagation", stopAtOnce],
])("%s", (_, end) => {
  test.each([
    ["b", false],
    ["a", false],
    ["td", false],
    ["body", false],
    ["window", false],
    ["b", true],
    ["td", true],
    ["html", true],
    ["window", true],
  ])("at %s (capture: %s) does not hide the click", async (selector, isCapture) => {
    listen(selector, end, isCapture);
    expect(await click()).toBe(true);
    expect(decided).toEqual([false]);
  });

  test.each(["before it", "after it"])("with preventDefault %s stops the dial", async (when) => {
    listen("td", (event) => {
      if (when === "before it") prevent(event);
      end(event);
      if (when === "after it") prevent(event);
    });
    await click();
    expect(decided).toEqual([true]);
  });
});

test.each([
  ["b", true],
  ["td", true],
  ["b", false],
  ["body", false],
  ["window", false],
])("preventDefault at %s (capture: %s) stops the dial", async (selector, isCapture) => {
  listen(selector, prevent, isCapture);
  await click();
  expect(decided).toEqual([true]);
});

test.each([false, true])(
  "a listener of the window that runs before stops the click (and prevents it: %s)",
  async (prevents) => {
    const [remove] = removals;
    listen("window", (event) => (prevents ? prevent(event) : stop(event)), true);
    remove();
    window.addEventListener("click", onClick, true);
    removals.push(() => window.removeEventListener("click", onClick, true));
    await click();
    expect(decided).toEqual([prevents]);
  },
);

test("another listener of the node where the event is stopped can still stop the dial", async () => {
  listen("td", stop);
  listen("td", prevent);
  await click();
  expect(decided).toEqual([true]);
});

test("the default action of an event that the decision does not prevent is left alone", async () => {
  willPrevent = false;
  const dispatched = vi.fn();
  listen("td", (event) => {
    stopAtOnce(event);
    dispatched(event.defaultPrevented);
  });
  expect(await click()).toBe(false);
  expect(dispatched).toHaveBeenCalledWith(false);
});

test("leaves no listener behind, also after an event that ended unnoticed", async () => {
  const removed = vi.spyOn(Node.prototype, "removeEventListener");
  listen("td", (event) => Event.prototype.stopImmediatePropagation.call(event));
  expect(await click()).toBe(false);
  expect(decided).toEqual([true]);
  expect(removed.mock.calls.length).toBeGreaterThan(10);
  removed.mockRestore();
});
