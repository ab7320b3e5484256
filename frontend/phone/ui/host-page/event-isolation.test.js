/** Checks that the events of the phone's elements do not reach the page, and work in the phone. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { Presses } from "../presses.js";
import { isolateEvents } from "./event-isolation.js";

const COMPOSED = { bubbles: true, cancelable: true, composed: true };
let receivedTypes;
let host;
let field;
let stop;

let page;

/** Record the types of the events that reach the page, in both phases. */
function listen(target) {
  for (const type of ["keydown", "click", "mousedown", "mouseup", "focusin", "focusout"]) {
    for (const capture of [true, false]) {
      target.addEventListener(type, () => receivedTypes.push(type), { capture, signal: page.signal });
    }
  }
}

beforeEach(() => {
  page = new AbortController();
  receivedTypes = [];
  document.body.innerHTML = "<input><button>Save</button>";
  host = document.documentElement.appendChild(document.createElement("epoch-phone"));
  host.attachShadow({ mode: "open" }).innerHTML = '<div><input><input type="checkbox"></div>';
  [field] = host.shadowRoot.querySelectorAll("input");
  stop = isolateEvents(host, window);
  listen(document);
});
afterEach(() => {
  page.abort();
  stop();
  host.remove();
});

test("a key pressed in the phone does not reach the page, and the phone may prevent the browser's action", () => {
  const keys = [];
  field.addEventListener("keydown", (event) => {
    keys.push(event.key);
    if (event.key === "Escape") event.preventDefault();
  });
  const pressed = ["5", "Escape"].map((key) => field.dispatchEvent(new KeyboardEvent("keydown", { ...COMPOSED, key })));
  expect([keys, pressed, receivedTypes]).toEqual([["5", "Escape"], [true, false], []]);
});

test("a key does not reach the page where the browser makes each key event composed, as Firefox does", () => {
  class ComposedKeyboardEvent extends KeyboardEvent {
    get composed() {
      return true;
    }
  }
  const keys = [];
  field.addEventListener("keydown", (event) => {
    keys.push([event.key, event.repeat, event.getModifierState("Shift"), event.composed]);
    event.preventDefault();
  });
  const options = { ...COMPOSED, key: "5", repeat: true, shiftKey: true };
  const isAllowed = field.dispatchEvent(new ComposedKeyboardEvent("keydown", options));
  expect([keys, isAllowed, receivedTypes]).toEqual([[["5", true, true, false]], false, []]);
});

test("the page's shortcuts with Ctrl, Alt or Cmd and its F-keys work in the phone too", () => {
  const keys = [{ key: "F2" }, { key: "k", ctrlKey: true }, { key: "5", altKey: true }, { key: "k", metaKey: true }];
  for (const key of keys) field.dispatchEvent(new KeyboardEvent("keydown", { ...COMPOSED, ...key }));
  expect(receivedTypes).toEqual(Array(8).fill("keydown"));
});

test("a click ticks a box once", () => {
  const box = host.shadowRoot.querySelector("[type=checkbox]");
  let changes = 0;
  box.addEventListener("change", () => (changes += 1));
  box.click();
  expect([box.checked, changes, receivedTypes]).toEqual([true, 1, []]);
});

test("a page's own press that ends over the phone stays the page's", () => {
  const [input] = document.body.children;
  input.dispatchEvent(new MouseEvent("mousedown", COMPOSED));
  field.dispatchEvent(new MouseEvent("mouseup", { ...COMPOSED, detail: 1 }));
  expect(receivedTypes).toEqual(["mousedown", "mousedown", "mouseup", "mouseup"]);
});

test("a press that begins in the phone and ends over the page is not the page's", () => {
  field.dispatchEvent(new MouseEvent("mousedown", COMPOSED));
  document.body.dispatchEvent(new MouseEvent("mouseup", { ...COMPOSED, detail: 1 }));
  document.body.dispatchEvent(new MouseEvent("click", { ...COMPOSED, detail: 1 }));
  expect(receivedTypes).toEqual([]);
});

test("the page hears that its field lost the focus, but not that it went to the phone", () => {
  const [input] = document.body.children;
  const wentTo = [];
  input.addEventListener("focusout", ({ relatedTarget }) => wentTo.push(relatedTarget));
  input.focus();
  receivedTypes = [];
  field.focus();
  expect(wentTo).toEqual([null]);
  expect(receivedTypes).toEqual(["focusout", "focusout"]);
  expect(host.shadowRoot.activeElement).toBe(field);
});

test("the copy of a person's event counts as a person's event", () => {
  const presses = new Presses(() => 0);
  const accepted = [];
  field.addEventListener("keydown", (event) => accepted.push(presses.accepts(event)));
  // Scripts cannot make events of a person, so that this one is the copy itself.
  for (let times = 0; times < 2; times += 1) {
    const copy = Object.assign(new KeyboardEvent("keydown", { bubbles: true, key: "Enter" }), {
      [Symbol.for("epochphone.relayed")]: true,
    });
    field.dispatchEvent(copy);
  }
  expect(accepted).toEqual([true, false]);
});
