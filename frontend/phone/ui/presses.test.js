/** Checks that repeated presses are ignored: double clicks, double taps, held keys. */
import { describe, expect, test } from "vitest";
import { guardCallButtons, isPressKey, Presses } from "./presses.js";

const MOUSE = { isTrusted: true, detail: 1, pointerType: "mouse" };
const TAP = { isTrusted: true, detail: 1, pointerType: "touch" };
// A click by Enter or Space.
const KEY = { isTrusted: true, detail: 0, pointerType: "" };
const SCRIPT = { isTrusted: false, detail: 0 };

/** Presses at the given times in ms; the button changes its meaning at `changedAt`. */
function judge(presses, { changedAt, typedAt, isStrict } = {}) {
  let now = 0;
  const guard = new Presses(() => now);
  const events = [
    ...presses.map(([at, press]) => [at, () => guard.accepts(press, isStrict)]),
    ...(changedAt === undefined ? [] : [[changedAt, () => guard.disarm()]]),
    ...(typedAt === undefined ? [] : [[typedAt, () => guard.arm()]]),
  ].sort(([one], [other]) => one - other);
  return events.flatMap(([at, act]) => {
    now = at;
    return act() ?? [];
  });
}

describe("Presses", () => {
  test.each([
    [
      "a double click",
      [
        [0, MOUSE],
        [120, { ...MOUSE, detail: 2 }],
      ],
      {},
      [true, false],
    ],
    [
      "a slow double click by the system's time",
      [
        [0, MOUSE],
        [700, { ...MOUSE, detail: 2 }],
      ],
      {},
      [true, false],
    ],
    [
      "two clicks of a mouse",
      [
        [0, MOUSE],
        [120, MOUSE],
      ],
      {},
      [true, true],
    ],
    [
      "a double tap",
      [
        [0, TAP],
        [200, TAP],
      ],
      {},
      [true, false],
    ],
    [
      "two taps",
      [
        [0, TAP],
        [600, TAP],
      ],
      {},
      [true, true],
    ],
    [
      "Enter twice",
      [
        [0, KEY],
        [200, KEY],
      ],
      {},
      [true, false],
    ],
    [
      "Enter again and again",
      [
        [0, KEY],
        [400, KEY],
        [800, KEY],
        [1_200, KEY],
      ],
      {},
      [true, false, false, false],
    ],
    [
      "Enter, a moment, Enter",
      [
        [0, KEY],
        [800, KEY],
      ],
      {},
      [true, true],
    ],
    [
      "Enter, a typed number, Enter",
      [
        [0, KEY],
        [300, KEY],
      ],
      { typedAt: 200 },
      [true, true],
    ],
    ["a tap just after the button changed", [[1_000, TAP]], { changedAt: 900 }, [false]],
    ["a click just after the button changed", [[1_000, MOUSE]], { changedAt: 900 }, [true]],
    ["a click just after it began to call", [[1_000, MOUSE]], { changedAt: 900, isStrict: true }, [false]],
    ["a click well after it began to call", [[1_500, MOUSE]], { changedAt: 900, isStrict: true }, [true]],
    [
      "a script's clicks",
      [
        [0, SCRIPT],
        [1, SCRIPT],
      ],
      { changedAt: 0, isStrict: true },
      [true, true],
    ],
  ])("%s", (_, presses, options, accepted) => {
    expect(judge(presses, options)).toEqual(accepted);
  });

  test("Enter and Space press buttons", () => {
    expect(["Enter", " ", "5", "Tab", "Escape"].filter((key) => isPressKey({ key }))).toEqual(["Enter", " "]);
  });
});

test.each(["input", "paste", "drop"])("Enter at once after %s calls, though the view has just changed", (type) => {
  const root = document.createElement("div");
  const panel = root.appendChild(document.createElement("div"));
  const input = panel.appendChild(document.createElement("input"));
  // jsdom trusts no key, so that the guard's listener is called itself.
  const press = {};
  root.addEventListener = (name, listener) => {
    press[name] = listener;
  };
  const note = guardCallButtons({ panel, main: document.createElement("button"), field: { input } }, () => 0);
  const enter = () => {
    let isStopped = false;
    const stop = () => {
      isStopped = true;
    };
    press.keydown({ ...KEY, type: "keydown", key: "Enter", target: input, preventDefault() {}, stopPropagation: stop });
    return !isStopped;
  };
  note({ main: { action: "reset" } });
  note({ main: { action: "call" } });
  expect(enter()).toBe(false);
  input.dispatchEvent(new Event(type));
  expect(enter()).toBe(true);
});

test("the second click of a double click on Hang up does not reach the bar of the ended call", () => {
  const root = document.createElement("div");
  root.innerHTML =
    '<div class="panel"></div><div class="bar"><button class="stop"></button></div>' +
    '<div class="end"><span class="bar-title"></span></div>';
  const [panel, stop, ended] = [".panel", ".stop", ".bar-title"].map((selector) => root.querySelector(selector));
  // jsdom trusts no click, so that the guard's listener is called itself.
  const press = {};
  root.addEventListener = (type, listener) => {
    press[type] = listener;
  };
  const input = document.createElement("input");
  guardCallButtons({ panel, main: document.createElement("button"), field: { input } }, () => 0);
  const reaches = (target, detail) => {
    let isStopped = false;
    const stopPropagation = () => {
      isStopped = true;
    };
    press.click({ ...MOUSE, detail, type: "click", target, preventDefault: () => {}, stopPropagation });
    return !isStopped;
  };
  expect([reaches(stop, 1), reaches(ended, 2), reaches(ended, 1)]).toEqual([true, false, true]);
});
