/** Checks the tones that a call sends after the answer: their steps and pauses, and in a whole call. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fakeEnvironment, fakeSdk, fakeServer, settle } from "../../tests/support/fakes.js";
import { Phone } from "../core.js";
import { PostDial, postDialSteps } from "./post-dial.js";

const NUMBER = "+12125550123";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("postDialSteps", () => {
  test.each([
    [undefined, undefined, [""]],
    ["204", undefined, [",204"]],
    ["204", ",1", [",204,1"]],
    [undefined, ";204", ["", "204"]],
    ["204", ";;1;,;", [",204", "1"]],
    [undefined, ",,204#;5", [",,204#", "5"]],
  ])("of extension %s and digits %s", (extension, digits, steps) => {
    expect(postDialSteps(extension, digits)).toEqual(steps);
  });
});

describe("PostDial", () => {
  const startPostDial = (extension, digits) => {
    const sent = [];
    const steps = [];
    const postDial = new PostDial(
      postDialSteps(extension, digits),
      (tones) => sent.push([Date.now() - startedAt, tones]),
      (step) => steps.push(step),
    );
    const startedAt = Date.now();
    postDial.start();
    return { postDial, sent, steps, tones: () => sent.map(([, tones]) => tones).join("") };
  };

  test("an extension follows the answer by one pause of 2 s", () => {
    const { sent, steps } = startPostDial("204");
    expect(steps).toEqual([{ digits: "204", isWaiting: false }]);
    vi.runAllTimers();
    expect(sent).toEqual([[2_000, "204"]]);
    expect(steps.at(-1)).toBeNull();
  });

  test("each comma is a pause of 2 s, digits without one follow at once", () => {
    const { sent } = startPostDial("", "1,,2");
    vi.runAllTimers();
    expect(sent).toEqual([
      [0, "1"],
      [4_430, "2"],
    ]);
  });

  test("a semicolon waits until a person continues; keys can be pressed meanwhile", () => {
    const { postDial, sent, steps, tones } = startPostDial("", ";204;5");
    expect(steps).toEqual([{ digits: "204", isWaiting: true }]);
    postDial.press("1");
    vi.runAllTimers();
    expect(tones()).toBe("1");
    postDial.proceed();
    vi.runAllTimers();
    expect(tones()).toBe("1204");
    expect(steps.at(-1)).toEqual({ digits: "5", isWaiting: true });
    postDial.proceed();
    postDial.proceed();
    vi.runAllTimers();
    expect(tones()).toBe("12045");
    expect(steps.at(-1)).toBeNull();
    expect(sent).toHaveLength(3);
  });

  test("keys that are pressed meanwhile follow the digits of the step", () => {
    const { postDial, tones } = startPostDial("204", ",9");
    postDial.press("1");
    vi.advanceTimersByTime(2_000);
    postDial.press("#");
    vi.runAllTimers();
    expect(tones()).toBe("20491#");
  });

  test("nothing is sent while the connection is lost, and everything afterwards", () => {
    const { postDial, steps, tones } = startPostDial("204", ",9");
    vi.advanceTimersByTime(1_000);
    postDial.setSuspended(true);
    vi.runAllTimers();
    expect(tones()).toBe("");
    postDial.setSuspended(false);
    vi.advanceTimersByTime(0);
    expect(tones()).toBe("204");
    postDial.setSuspended(true);
    vi.runAllTimers();
    postDial.setSuspended(false);
    vi.runAllTimers();
    expect(tones()).toBe("2049");
    expect(steps.at(-1)).toBeNull();
  });

  test("nothing is sent after the end", () => {
    const { postDial, tones } = startPostDial("204", ",9;1");
    vi.advanceTimersByTime(2_000);
    postDial.stop();
    vi.runAllTimers();
    postDial.proceed();
    vi.runAllTimers();
    expect(tones()).toBe("204");
  });
});

describe("Phone", () => {
  async function dial(options) {
    const sdk = fakeSdk();
    const phone = new Phone(fakeEnvironment({ fetch: fakeServer().fetch, sdk }));
    const events = [];
    for (const event of ["callStarted", "callEnded", "error"])
      phone.events.on(event, (payload) => events.push([event, payload]));
    phone.start({ token: "ept_x", base: "https://voice.example" });
    await settle();
    const hasBegun = phone.dial(NUMBER, options);
    await settle();
    await settle();
    const answer = (call = sdk.devices.at(-1).call) => {
      call.emit("ringing", false);
      call.emit("accept", call);
      return call;
    };
    return { phone, sdk, events, hasBegun, answer, call: sdk.devices.at(-1)?.call };
  }

  test("sends the extension after the answer, and never before or with the number", async () => {
    const { phone, call, answer, events } = await dial({ extension: 204, digits: ",99#" });
    expect(call.params).toMatchObject({ To: NUMBER, Extension: "204" });
    expect(JSON.stringify(call.params)).not.toContain("99#");
    call.emit("ringing", false);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(call.digits).toEqual([]);
    answer();
    expect(phone.postDial).toEqual({ digits: "204,99#", isWaiting: false });
    phone.mute(true);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(call.digits).toEqual(["204", "99#"]);
    expect([phone.postDial, phone.isMuted]).toEqual([null, true]);
    call.end();
    await settle();
    for (const [, payload] of events) {
      expect(payload.extension).toBe("204");
      expect(JSON.stringify(payload)).not.toContain("99#");
    }
    expect(JSON.stringify(phone.call)).not.toContain("99#");
    phone.stop();
  });

  test("sends nothing once the person has hung up, and all again when the call is placed again", async () => {
    const { phone, sdk, call, answer } = await dial({ extension: "204", digits: ",9" });
    answer();
    await vi.advanceTimersByTimeAsync(1_000);
    phone.hangup();
    await vi.advanceTimersByTimeAsync(10_000);
    expect([call.digits, phone.postDial]).toEqual([[], null]);
    phone.redial();
    await settle();
    await settle();
    const again = sdk.devices.at(-1).call;
    expect(again.params).toMatchObject({ To: NUMBER, Extension: "204" });
    answer(again);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(again.digits).toEqual(["204", "9"]);
    phone.stop();
  });

  test("holds the tones while the connection is restored", async () => {
    const { phone, call, answer } = await dial({ extension: "204" });
    answer();
    await settle();
    call.emit("reconnecting");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(call.digits).toEqual([]);
    call.emit("reconnected");
    await settle();
    expect(call.digits).toEqual(["204"]);
    phone.stop();
  });

  test("waits for the person where the digits say so", async () => {
    const { phone, call, answer } = await dial({ digits: ";204" });
    answer();
    await vi.advanceTimersByTimeAsync(10_000);
    expect([call.digits, phone.postDial]).toEqual([[], { digits: "204", isWaiting: true }]);
    phone.continuePostDial();
    await settle();
    expect(call.digits).toEqual(["204"]);
    phone.stop();
  });

  test.each([
    [{ extension: "x" }, "invalid_extension"],
    [{ digits: "1.2" }, "invalid_digits"],
    [{ metadata: [] }, "invalid_metadata"],
  ])("refuses %j with a sentence and the advice", async (options, code) => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const { phone, hasBegun, events } = await dial(options);
    expect(hasBegun).toBe(false);
    expect(events).toEqual([["error", expect.objectContaining({ code, message: expect.stringMatching(/valid/) })]]);
    phone.stop();
    vi.restoreAllMocks();
  });
});
