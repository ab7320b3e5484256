/** Checks the panel with tones: those that a call sends after the answer, and key 0 of the keypad. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import "../../tests/support/jsdom-styles.js";
import { fakeEnvironment, fakeSdk, fakeServer, settle } from "../../tests/support/fakes.js";
import { EmbeddedPhone } from "../api.js";

let stop = () => {};

/** A phone whose panel is loaded and open. */
async function openPhone() {
  const module = fakeSdk();
  const env = { ...fakeEnvironment({ fetch: fakeServer().fetch, sdk: module }), document };
  env.window.MutationObserver = window.MutationObserver;
  const embedded = new EmbeddedPhone(null, env);
  const { api } = embedded;
  stop = () => api.destroy();
  embedded.start({ token: "ept_x", apiBase: "https://voice.example" });
  await settle();
  api.open();
  await settle();
  await settle();
  const call = async (options) => {
    api.call("+12125550123", options);
    await settle();
    await settle();
    const { call } = module.devices.at(-1);
    call.answer();
    await settle();
    return call;
  };
  return { api, call };
}

const root = () => document.querySelector("epoch-phone").shadowRoot;
const text = (selector) => root().querySelector(selector).textContent;
const button = (name) =>
  [...root().querySelectorAll("button")].find(
    (element) => !element.closest("[hidden]") && (element.getAttribute("aria-label") ?? element.textContent) === name,
  );
const value = () => root().querySelector("input").value;
const press = (element, type, init = {}) =>
  element.dispatchEvent(new MouseEvent(type, { bubbles: true, composed: true, cancelable: true, detail: 1, ...init }));

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  stop();
  document.body.replaceChildren();
  vi.useRealTimers();
});

describe("tones after the answer", () => {
  test("the panel shows the extension and what is being sent", async () => {
    const { call } = await openPhone();
    await call({ extension: "204" });
    expect(text(".number")).toBe("+1 212-555-0123 ext. 204");
    expect(text(".call-note")).toBe("Sending 204");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(text(".call-note")).toBe("");
  });

  test("a closed panel opens to ask for tones that wait, and a press sends them", async () => {
    const { api, call } = await openPhone();
    api.close();
    const carried = await call({ digits: "1;204" });
    api.close();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(carried.digits).toEqual(["1"]);
    expect(text("[role=status]")).toBe("Send 204");
    const send = button("Send 204");
    // The phone had the focus before.
    expect(root().activeElement).toBe(send);
    press(send, "click");
    await settle();
    expect(carried.digits).toEqual(["1", "204"]);
    expect(button("Send 204")).toBeUndefined();
  });

  test("the focus goes from Hang up to Send, so that Enter sends", async () => {
    const { call } = await openPhone();
    root().querySelector(".main").focus();
    await call({ digits: ";204" });
    expect(root().activeElement.textContent).toBe("Send 204");
  });
});

describe("key 0", () => {
  const key = () => button("0");

  test("types + when it is held, once, and 0 when it is pressed", async () => {
    await openPhone();
    expect(key().title).toBe("Hold for +");
    press(key(), "pointerdown", { button: 0 });
    await vi.advanceTimersByTimeAsync(500);
    expect(value()).toBe("+");
    press(key(), "pointerup");
    press(key(), "click");
    expect(value()).toBe("+");
    press(key(), "pointerdown", { button: 0 });
    press(key(), "pointerup");
    press(key(), "click");
    await vi.advanceTimersByTimeAsync(500);
    expect(value()).toBe("+0");
    // A screen reader's or a keyboard's press.
    press(key(), "click", { detail: 0 });
    expect(value()).toBe("+00");
  });

  test.each(["pointerleave", "pointercancel"])("types nothing after %s", async (type) => {
    await openPhone();
    press(key(), "pointerdown", { button: 0 });
    press(key(), type);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(value()).toBe("");
  });

  test("other keys are no different when they are held", async () => {
    await openPhone();
    for (const name of ["*", "#", "1"]) {
      press(button(name), "pointerdown", { button: 0 });
      await vi.advanceTimersByTimeAsync(1_000);
      press(button(name), "pointerup");
      press(button(name), "click");
    }
    expect(value()).toBe("*#1");
  });

  test("a typed + is taken beside the field too", async () => {
    await openPhone();
    key().focus();
    key().dispatchEvent(new KeyboardEvent("keydown", { key: "+", bubbles: true, composed: true, cancelable: true }));
    expect(value()).toBe("+");
  });

  test("is a tone in a call, however long it is held", async () => {
    const { call } = await openPhone();
    const carried = await call();
    press(button("Keypad"), "click");
    expect(key().title).toBe("");
    press(key(), "pointerdown", { button: 0 });
    await vi.advanceTimersByTimeAsync(1_000);
    press(key(), "pointerup");
    press(key(), "click");
    expect(carried.digits).toEqual(["0"]);
  });
});
