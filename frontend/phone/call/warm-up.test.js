import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Phone } from "../core.js";
import { ACCOUNT, fakeEnvironment, refusal, fakeSdk, fakeServer, settle } from "../../tests/support/fakes.js";

const NUMBER = "+12125550123";
const BASE = "https://voice.example";

async function startPhone({ answers } = {}) {
  const host = fakeServer(answers);
  const module = fakeSdk();
  const env = fakeEnvironment({ fetch: host.fetch, module });
  const phone = new Phone(env);
  const errors = [];
  phone.events.on("error", ({ code }) => errors.push(code));
  phone.start({ token: "ept_x", base: BASE });
  return { phone, host, env, module, errors };
}

/** Every step has passed, each in a task of its own. */
const steps = async () => {
  for (let task = 0; task < 6; task += 1) await settle();
};

describe("warmUp", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(console, "warn").mockImplementation(() => {});
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  test("builds nothing before an intent, then one Device with a connection, which the call uses", async () => {
    const { phone, env, module } = await startPhone();
    await settle();
    env.idle.splice(0).forEach((work) => work());
    await steps();
    expect([module.devices.length, module.signaling.length, module.Device.audioContext]).toEqual([0, 0, undefined]);
    phone.warmUp();
    phone.warmUp();
    await steps();
    const [device] = module.devices;
    expect([module.devices.length, new Set(module.signaling)]).toEqual([1, new Set([device])]);
    phone.dial(NUMBER);
    await steps();
    expect([module.devices.length, device.call?.params.To]).toEqual([1, NUMBER]);
    phone.stop();
  });

  test("asks for no microphone", async () => {
    const { phone, env } = await startPhone();
    const asked = vi.spyOn(env.navigator.mediaDevices, "getUserMedia");
    await settle();
    phone.warmUp();
    await steps();
    expect(asked).not.toHaveBeenCalled();
    phone.stop();
  });

  test("waits until the phone is ready", async () => {
    const { phone, module } = await startPhone();
    phone.warmUp();
    expect(phone.state).toBe("loading");
    await steps();
    expect([phone.state, module.signaling.length]).toEqual(["ready", 1]);
    phone.stop();
  });

  test.each([
    ["that was refused", { exchange: [refusal(403, "domain_not_allowed", "Domain not allowed")] }, () => {}],
    ["without network", {}, ({ env }) => Object.assign(env.navigator, { onLine: false })],
    ["without WebRTC", {}, ({ env }) => Object.assign(env.window, { RTCPeerConnection: undefined })],
    [
      "whose call is in another tab",
      {},
      ({ phone }) => phone.set({ remoteCall: { number: NUMBER, answeredAt: null } }),
    ],
  ])("connects no phone %s", async (_, answers, prepare) => {
    const fixture = await startPhone({ answers });
    await settle();
    prepare(fixture);
    fixture.phone.warmUp();
    await steps();
    expect([fixture.module.devices, fixture.module.signaling]).toEqual([[], []]);
    fixture.phone.stop();
  });

  test("an error of an unused connection is no error of the phone: the next intent and the next call connect again", async () => {
    const { phone, module, errors } = await startPhone();
    await settle();
    phone.warmUp();
    await steps();
    module.devices[0].emit("error", { code: 20104 });
    await steps();
    expect([module.devices[0].state, phone.state, errors]).toEqual(["destroyed", "ready", []]);
    phone.warmUp();
    await steps();
    expect([module.devices.length, module.signaling.at(-1) === module.devices[1]]).toEqual([2, true]);
    module.devices[1].emit("error", { code: 31005 });
    phone.dial(NUMBER);
    await steps();
    expect([module.devices.length, module.devices[2].call?.params.To, errors]).toEqual([3, NUMBER, []]);
    phone.stop();
  });

  test("an unused connection gets the new token", async () => {
    const { phone, host, module } = await startPhone();
    await settle();
    phone.warmUp();
    await steps();
    host.lists.exchange = [{ ...ACCOUNT, access_token: "jwt-2" }];
    await vi.advanceTimersByTimeAsync(2_900_000);
    expect(module.devices[0].tokens).toEqual(["jwt-1", "jwt-2"]);
    phone.stop();
  });

  test("a phone that stops meanwhile keeps no connection, at whatever step", async () => {
    for (let step = 0; step < 30; step += 1) {
      const { phone, module } = await startPhone();
      await settle();
      phone.warmUp();
      for (let turn = 0; turn < step; turn += 1) {
        await Promise.resolve();
        if (turn % 10 === 9) vi.advanceTimersByTime(1);
      }
      phone.stop();
      await steps();
      expect(module.devices.filter(({ state }) => state !== "destroyed")).toEqual([]);
      expect(module.signaling.filter(({ state }) => state !== "destroyed")).toEqual([]);
    }
  });
});
