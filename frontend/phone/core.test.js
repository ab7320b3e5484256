import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Phone } from "./core.js";
import { GRANTED, page, refused, sdk, server, settle } from "../tests/support/page.js";

const NUMBER = "+12125550123";
const EVENTS = ["ready", "error", "callStarted", "callAnswered", "callEnded", "stateChanged", "muted"];
const UUID4 = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

async function begin({ answers, load, start = true } = {}) {
  const host = server(answers);
  const module = sdk();
  const env = page({ fetch: host.fetch, module, load });
  const phone = new Phone(env);
  const heard = [];
  for (const event of EVENTS) phone.events.on(event, (payload) => heard.push([event, payload]));
  if (start) {
    phone.start({ token: "ept_x", base: "https://voice.example" });
    await settle();
  }
  const told = (event) => heard.filter(([name]) => name === event).map(([, payload]) => payload);
  return { phone, host, env, module, heard, told };
}

/** Place a call and hand over the carrier's side of it. */
async function dial({ phone, module }, options) {
  expect(phone.dial(NUMBER, options)).toBe(true);
  await settle();
  await settle();
  return module.devices.at(-1).call;
}

describe("the phone", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  test("is ready after the exchange and says so once", async () => {
    const { phone, heard } = await begin();
    expect(phone.state).toBe("ready");
    expect(heard).toEqual([
      ["stateChanged", { state: "ready", previous: "loading" }],
      ["ready", undefined],
    ]);
    phone.stop();
  });

  test("tells a whole call, each event after its state", async () => {
    const world = await begin();
    const { phone, heard, told } = world;
    const states = [];
    for (const event of ["callStarted", "callAnswered", "callEnded"])
      phone.events.on(event, () => states.push(phone.state));
    const call = await dial(world, { lead: 7 });
    expect(call.params).toEqual({
      To: NUMBER,
      CallId: phone.call.callId,
      Page: "https://crm.example",
      Metadata: '{"lead":7}',
    });
    call.emit("ringing", false);
    expect(phone.state).toBe("ringing");
    call.emit("accept", call);
    await vi.advanceTimersByTimeAsync(2_600);
    phone.sendDigit("5");
    call.end();
    expect(call.digits).toEqual(["5"]);
    expect(states).toEqual(["dialing", "in-progress", "completed"]);
    const [started] = told("callStarted");
    expect(started).toMatchObject({
      number: NUMBER,
      direction: "outbound",
      from: "+14155550100",
      metadata: { lead: 7 },
    });
    expect(started.callId).toMatch(UUID4);
    expect(told("callAnswered")[0]).toMatchObject({ number: NUMBER, callId: started.callId });
    expect(told("callEnded")).toEqual([
      { number: NUMBER, callId: started.callId, duration: 3, status: "completed", metadata: { lead: 7 } },
    ]);
    expect(heard.map(([event]) => event).indexOf("callStarted")).toBe(3);
    expect(told("error")).toEqual([]);
    phone.stop();
  });

  test("tells callStarted before dial returns, from a listener too", async () => {
    const world = await begin({ start: false });
    const inside = [];
    world.phone.events.on("ready", () => {
      world.phone.dial(NUMBER);
      inside.push(world.told("callStarted").length, world.phone.state);
    });
    world.phone.start({ token: "ept_x", base: "https://voice.example" });
    await settle();
    expect(inside).toEqual([1, "dialing"]);
    world.phone.stop();
  });

  test("a call hung up from a listener still ends once, after it started", async () => {
    const { phone, heard } = await begin();
    phone.events.on("stateChanged", ({ state }) => state === "dialing" && phone.hangup());
    phone.dial(NUMBER);
    await settle();
    const names = heard.map(([event]) => event).filter((event) => event.startsWith("call"));
    expect(names).toEqual(["callStarted", "callEnded"]);
    phone.stop();
  });

  test("hung up before the answer is completed and canceled", async () => {
    const world = await begin();
    await dial(world);
    world.phone.hangup();
    expect(world.phone.state).toBe("completed");
    expect(world.told("callEnded")[0]).toMatchObject({ status: "canceled", duration: 0 });
    expect(world.told("error")).toEqual([]);
    world.phone.stop();
  });

  test.each([
    ["busy", undefined],
    ["no-answer", undefined],
    ["failed", "The call failed"],
    ["refused", "Organization is suspended"],
  ])("an unanswered call is %s when the record says so", async (status, message) => {
    const record = { status, message: status === "refused" ? message : null, end_reason: null };
    const world = await begin({ answers: { status: [{ call: record }] } });
    const call = await dial(world);
    call.end();
    await settle();
    expect(world.phone.state).toBe("failed");
    const [end] = world.told("callEnded");
    expect(end.status).toBe(status);
    expect(end.message).toBe(message);
    const order = world.heard.map(([event]) => event);
    const errors = world.told("error").map((error) => error.message);
    expect(errors).toEqual(message ? [message] : []);
    if (message) expect(order.indexOf("error")).toBeLessThan(order.indexOf("callEnded"));
    expect(world.host.asked.at(-1)).toEqual({
      path: "status",
      body: { token: "ept_x", ticket: "ticket-1", call_id: end.callId },
    });
    world.phone.stop();
  });

  test.each([
    ["nonsense", "Invalid phone number"],
    ["911", "Emergency numbers cannot be called"],
  ])("turns down %s in words and stays as it is", async (typed, message) => {
    const { phone, told } = await begin();
    expect(phone.dial(typed)).toBe(false);
    expect(phone.state).toBe("ready");
    expect(told("error")[0].message).toBe(message);
    phone.stop();
  });

  test("turns down metadata that is too large or no JSON", async () => {
    const { phone, told } = await begin();
    const circular = {};
    circular.self = circular;
    expect(phone.dial(NUMBER, { note: "x".repeat(2_000) })).toBe(false);
    expect(phone.dial(NUMBER, circular)).toBe(false);
    expect(told("error").map(({ code }) => code)).toEqual(["metadata_too_large", "metadata_invalid"]);
    phone.stop();
  });

  test("does nothing when it is not ready", async () => {
    const { phone, heard } = await begin({ start: false });
    expect(phone.dial(NUMBER)).toBe(false);
    phone.reset();
    phone.hangup();
    phone.sendDigit("1");
    expect(phone.state).toBe("loading");
    expect(heard).toEqual([]);
  });

  test("one call at a time", async () => {
    const world = await begin();
    await dial(world);
    expect(world.phone.dial(NUMBER)).toBe(false);
    expect(world.told("callStarted")).toHaveLength(1);
    world.phone.stop();
  });

  test("reset hangs up and is ready, and starts over from an error", async () => {
    const world = await begin();
    await dial(world);
    world.phone.reset();
    expect(world.phone.state).toBe("ready");
    expect(world.told("callEnded")).toHaveLength(1);
    world.host.lists.exchange = [refused(401, "revoked_embed_token", "Invalid or revoked token")];
    world.phone.start({ token: "ept_x", base: "https://voice.example" });
    await settle();
    expect(world.phone.state).toBe("error");
    world.host.lists.exchange = [GRANTED];
    world.phone.reset();
    await settle();
    expect(world.phone.state).toBe("ready");
    expect(world.told("ready")).toHaveLength(2);
    world.phone.stop();
  });

  test("a blocked SDK is an error that the next call tries again", async () => {
    const module = sdk();
    let blocked = true;
    const load = vi.fn(async () => {
      if (blocked) throw new TypeError("Failed to fetch dynamically imported module");
      return module;
    });
    const { phone, told } = await begin({ load });
    phone.preload();
    await vi.advanceTimersByTimeAsync(1_500);
    expect(load.mock.calls.map(([url]) => url)).toEqual([
      "https://voice.example/widget/sdk.js",
      "https://voice.example/widget/sdk.js?r=1",
    ]);
    expect(phone.state).toBe("error");
    expect(told("error")).toEqual([{ message: "Failed to load phone SDK", code: "sdk_load_failed" }]);
    blocked = false;
    expect(phone.dial(NUMBER)).toBe(true);
    await settle();
    expect(module.devices).toHaveLength(1);
    phone.stop();
  });

  test("an SDK that fails in a call ends that call once, then is an error", async () => {
    const { phone, told, heard } = await begin({ load: async () => Promise.reject(new TypeError("blocked")) });
    phone.dial(NUMBER);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(phone.state).toBe("error");
    expect(told("callEnded")).toHaveLength(1);
    expect(told("callEnded")[0]).toMatchObject({ status: "failed", message: "Failed to load phone SDK" });
    const states = heard.filter(([event]) => event === "stateChanged").map(([, { state }]) => state);
    expect(states).toEqual(["ready", "dialing", "failed", "error"]);
    phone.stop();
  });

  test("a connect that never settles times out, and the next call has a new Device", async () => {
    const world = await begin();
    world.module.connects = false;
    world.phone.dial(NUMBER);
    await vi.advanceTimersByTimeAsync(16_000);
    expect(world.phone.state).toBe("failed");
    expect(world.told("error")[0].code).toBe("connection_failed");
    world.module.connects = true;
    await dial(world);
    expect(world.module.devices).toHaveLength(2);
    world.phone.stop();
  });

  test("a call that closes without an event is noticed, and its busy Device replaced", async () => {
    const world = await begin();
    const call = await dial(world);
    call.emit("accept", call);
    call.state = "closed";
    await vi.advanceTimersByTimeAsync(1_100);
    expect(world.phone.state).toBe("completed");
    await dial(world);
    expect(world.module.devices).toHaveLength(2);
    world.phone.stop();
  });

  test("a refused microphone fails the call in its own words", async () => {
    const world = await begin();
    world.env.navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", "NotAllowedError"));
    await dial(world);
    const [device] = world.module.devices;
    await device.options.getUserMedia({ audio: true }).catch(() => {});
    expect(world.phone.state).toBe("failed");
    expect(world.told("error")[0]).toEqual({ message: "Microphone access was denied", code: "microphone_denied" });
    world.phone.stop();
  });

  test("gives the microphone back after a call", async () => {
    const world = await begin();
    const track = { stop: vi.fn() };
    world.env.navigator.mediaDevices.getUserMedia = async () => ({ getTracks: () => [track] });
    const call = await dial(world);
    const [device] = world.module.devices;
    await device.options.getUserMedia({ audio: true });
    device.audio.inputDevice = { deviceId: "default" };
    call.emit("accept", call);
    call.end();
    await settle();
    expect(track.stop).toHaveBeenCalled();
    expect(device.audio.unsetInputDevice).toHaveBeenCalled();
    world.phone.stop();
  });

  test("a new token reaches a live call of the same identity at once, another identity's after it", async () => {
    const world = await begin();
    const call = await dial(world);
    call.emit("accept", call);
    const [device] = world.module.devices;
    world.host.lists.exchange = [
      { ...GRANTED, access_token: "jwt-2" },
      { ...GRANTED, access_token: "jwt-3", identity: "w_2" },
    ];
    await vi.advanceTimersByTimeAsync(2_881_000);
    expect(device.tokens).toEqual(["jwt-1", "jwt-2"]);
    await vi.advanceTimersByTimeAsync(2_881_000);
    expect(device.tokens).toEqual(["jwt-1", "jwt-2"]);
    call.end();
    await dial(world);
    expect(device.tokens).toEqual(["jwt-1", "jwt-2", "jwt-3"]);
    world.phone.stop();
  });

  test("a token revoked during a call leaves the call alone and is an error after it", async () => {
    const world = await begin();
    const call = await dial(world);
    call.emit("accept", call);
    world.host.lists.status = [refused(401, "revoked_embed_token", "Invalid or revoked token")];
    await vi.advanceTimersByTimeAsync(301_000);
    expect(world.phone.state).toBe("in-progress");
    world.phone.hangup();
    expect(world.phone.state).toBe("error");
    expect(world.told("error")).toEqual([{ message: "Invalid or revoked token", code: "revoked_embed_token" }]);
    expect(world.module.devices[0].state).toBe("destroyed");
    expect(world.phone.dial(NUMBER)).toBe(false);
    world.phone.stop();
  });

  test("mutes only in a call and says so", async () => {
    const world = await begin();
    world.phone.mute(true);
    expect(world.told("muted")).toEqual([]);
    const call = await dial(world);
    world.phone.mute(true);
    world.phone.mute(true);
    expect(call.muted).toBe(true);
    expect(world.told("muted")).toEqual([{ muted: true }]);
    world.phone.hangup();
    expect(world.phone.isMuted).toBe(false);
    world.phone.stop();
  });

  test("builds a silent Device for the sandbox, with no side traffic", async () => {
    const world = await begin();
    await dial(world);
    expect(world.module.devices[0].options).toMatchObject({
      chunderw: "localhost-9000.sandbox.invalid",
      codecPreferences: ["opus", "pcmu"],
      enableImprovedSignalingErrorPrecision: true,
      logLevel: "silent",
      maxCallSignalingTimeoutMs: 30_000,
      publishEvents: false,
    });
    world.phone.stop();
  });

  test("stopped, it waits again and tells nobody anything", async () => {
    const world = await begin();
    await dial(world);
    world.phone.stop();
    expect(world.phone.state).toBe("loading");
    expect(world.told("callEnded")).toHaveLength(1);
    const before = world.heard.length;
    await vi.advanceTimersByTimeAsync(4_000_000);
    expect(world.heard).toHaveLength(before);
  });
});
