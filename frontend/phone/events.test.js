/** Checks the delivery of the phone's events to subscribers and to the window. */
import { beforeEach, describe, expect, test, vi } from "vitest";
import { PhoneEvents } from "./events.js";

describe("PhoneEvents", () => {
  let events;
  beforeEach(() => {
    events = new PhoneEvents(window);
  });

  test("delivers events with their payload to every subscriber", () => {
    const heard = [];
    events.on("callEnded", (payload) => heard.push(payload));
    events.on("callEnded", (payload) => heard.push(payload));
    events.emit(["callEnded", { duration: 3 }]);
    expect(heard).toEqual([{ duration: 3 }, { duration: 3 }]);
  });

  test("stops after off() and after the function that on() returned", () => {
    const heard = [];
    const first = () => heard.push("first");
    events.on("open", first);
    const stop = events.on("open", () => heard.push("second"));
    events.off("open", first);
    stop();
    events.emit(["open"]);
    expect(heard).toEqual([]);
  });

  test("dispatches CustomEvents on the window", () => {
    const heard = [];
    const listener = (event) => heard.push(event.detail);
    window.addEventListener("epochphone:muted", listener);
    events.emit(["muted", { muted: true }]);
    window.removeEventListener("epochphone:muted", listener);
    expect(heard).toEqual([{ muted: true }]);
  });

  test("delivers to the other listeners after one throws", () => {
    const reported = vi.spyOn(console, "error").mockImplementation(() => {});
    const heard = [];
    events.on("ready", () => {
      throw new Error("the page's own");
    });
    events.on("ready", () => heard.push("ready"));
    events.emit(["ready"]);
    expect(heard).toEqual(["ready"]);
    expect(reported).toHaveBeenCalledOnce();
    reported.mockRestore();
  });

  test("keeps the order when a listener emits more", () => {
    const heard = [];
    events.on("stateChanged", () => events.emit(["callEnded", {}]));
    for (const event of ["callStarted", "callEnded"]) events.on(event, () => heard.push(event));
    events.emit(["stateChanged", {}], ["callStarted", {}]);
    expect(heard).toEqual(["callStarted", "callEnded"]);
  });

  test("replays remembered events to later subscribers once, asynchronously", async () => {
    events.remember("ready");
    const listener = vi.fn();
    events.on("ready", listener);
    events.on("ready", listener);
    expect(listener).not.toHaveBeenCalled();
    await Promise.resolve();
    expect(listener).toHaveBeenCalledOnce();
  });

  test("does not replay forgotten events, or to a listener that has unsubscribed", async () => {
    events.remember("error", { message: "x" });
    const laterListener = vi.fn();
    events.on("error", laterListener);
    events.forget("error");
    events.remember("ready");
    const removedListener = vi.fn();
    events.on("ready", removedListener)();
    await Promise.resolve();
    expect(laterListener).not.toHaveBeenCalled();
    expect(removedListener).not.toHaveBeenCalled();
  });

  test("never remembers events of a call", async () => {
    events.remember("callEnded", {});
    const laterListener = vi.fn();
    events.on("callEnded", laterListener);
    await Promise.resolve();
    expect(laterListener).not.toHaveBeenCalled();
  });
});
