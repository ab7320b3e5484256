/** Checks the connection to the carrier that is opened before a call because a call is likely. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Phone } from "../core.js";
import { EXCHANGE_RESPONSE, fakeEnvironment, refusal, fakeSdk, fakeServer, settle } from "../../tests/support/fakes.js";

const NUMBER = "+12125550123";
const BASE = "https://voice.example";

async function startPhone({ answers } = {}) {
  const server = fakeServer(answers);
  const sdk = fakeSdk();
  const env = fakeEnvironment({ fetch: server.fetch, sdk });
  const phone = new Phone(env);
  const errors = [];
  phone.events.on("error", ({ code }) => errors.push(code));
  phone.start({ token: "ept_x", base: BASE });
  return { phone, server, env, sdk, errors };
}

/** Let all steps of warmUp() pass, each of which is a task. */
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
    const { phone, env, sdk } = await startPhone();
    await settle();
    env.idle.splice(0).forEach((work) => work());
    await steps();
    expect([sdk.devices.length, sdk.signaling.length, sdk.Device.audioContext]).toEqual([0, 0, undefined]);
    phone.warmUp();
    phone.warmUp();
    await steps();
    const [device] = sdk.devices;
    expect([sdk.devices.length, new Set(sdk.signaling)]).toEqual([1, new Set([device])]);
    phone.dial(NUMBER);
    await steps();
    expect([sdk.devices.length, device.call?.params.To]).toEqual([1, NUMBER]);
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
    const { phone, sdk } = await startPhone();
    phone.warmUp();
    expect(phone.state).toBe("loading");
    await steps();
    expect([phone.state, sdk.signaling.length]).toEqual(["ready", 1]);
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
    expect([fixture.sdk.devices, fixture.sdk.signaling]).toEqual([[], []]);
    fixture.phone.stop();
  });

  test("an error of an unused connection is no error of the phone: the next intent and the next call connect again", async () => {
    const { phone, sdk, errors } = await startPhone();
    await settle();
    phone.warmUp();
    await steps();
    sdk.devices[0].emit("error", { code: 20104 });
    await steps();
    expect([sdk.devices[0].state, phone.state, errors]).toEqual(["destroyed", "ready", []]);
    phone.warmUp();
    await steps();
    expect([sdk.devices.length, sdk.signaling.at(-1) === sdk.devices[1]]).toEqual([2, true]);
    sdk.devices[1].emit("error", { code: 31005 });
    phone.dial(NUMBER);
    await steps();
    expect([sdk.devices.length, sdk.devices[2].call?.params.To, errors]).toEqual([3, NUMBER, []]);
    phone.stop();
  });

  test("an unused connection gets the new token", async () => {
    const { phone, server, sdk } = await startPhone();
    await settle();
    phone.warmUp();
    await steps();
    server.lists.exchange = [{ ...EXCHANGE_RESPONSE, access_token: "jwt-2" }];
    await vi.advanceTimersByTimeAsync(2_900_000);
    expect(sdk.devices[0].tokens).toEqual(["jwt-1", "jwt-2"]);
    phone.stop();
  });

  test("a phone that stops during any step keeps no connection", async () => {
    for (let step = 0; step < 30; step += 1) {
      const { phone, sdk } = await startPhone();
      await settle();
      phone.warmUp();
      for (let turn = 0; turn < step; turn += 1) {
        await Promise.resolve();
        if (turn % 10 === 9) vi.advanceTimersByTime(1);
      }
      phone.stop();
      await steps();
      expect(sdk.devices.filter(({ state }) => state !== "destroyed")).toEqual([]);
      expect(sdk.signaling.filter(({ state }) => state !== "destroyed")).toEqual([]);
    }
  });
});
