/** Checks that a call is placed in the pop-out or in the page, and that it fails if the pop-out never answers. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Phone } from "../core.js";
import { fakeEnvironment, fakeSdk, fakeServer, settle } from "../../tests/support/fakes.js";

const NUMBER = "+12125550123";
let phone;

/** A phone on a page whose browser opens `popup`, or no window if that is null. */
async function startPhone({ popup, popOut }) {
  const sdk = fakeSdk();
  const env = fakeEnvironment({ fetch: fakeServer().fetch, sdk });
  env.window.origin = env.window.location.origin;
  env.window.open = vi.fn(() => popup);
  env.document.documentElement = { lang: "en" };
  phone = new Phone(env);
  phone.start({ token: "ept_x", base: "https://voice.example" });
  await settle();
  await phone.calls.getPopOut({ popOut });
  return { env, sdk };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  phone.stop();
  vi.useRealTimers();
});

test("a call is placed in the pop-out, not in the page", async () => {
  const { env, sdk } = await startPhone({ popup: { focus: vi.fn(), closed: false }, popOut: "on" });
  expect(phone.dial(NUMBER)).toBe(true);
  await settle();
  const [[address, name]] = env.window.open.mock.calls;
  expect(address).toBe("https://voice.example/widget/window#origin=https%3A%2F%2Fcrm.example&locale=en");
  expect(name).toBe("epochphone:0123456789abcdef0123456789abcdef");
  expect([phone.isInPopOut, phone.state, sdk.devices.length]).toEqual([true, "dialing", 0]);
  phone.hangup();
  expect(phone.call.ended.status).toBe("canceled");
});

test("a call is placed in the page, with a notice, if the browser opens no window", async () => {
  const { sdk } = await startPhone({ popup: null, popOut: "on" });
  phone.dial(NUMBER);
  await settle();
  await settle();
  expect([phone.isInPopOut, phone.notice.code, sdk.devices.length]).toEqual([false, "window_blocked", 1]);
});

test("a call is placed in the page if the page does not ask for the pop-out", async () => {
  const { env, sdk } = await startPhone({ popup: null, popOut: undefined });
  phone.dial(NUMBER);
  await settle();
  await settle();
  expect([phone.isInPopOut, phone.notice, sdk.devices.length]).toEqual([false, null, 1]);
  expect(env.window.open).not.toHaveBeenCalled();
});

test("a call fails if the pop-out never answers", async () => {
  await startPhone({ popup: { focus: vi.fn(), closed: false }, popOut: "on" });
  phone.dial(NUMBER);
  await vi.advanceTimersByTimeAsync(16_000);
  expect([phone.state, phone.call.ended.problem.code]).toEqual(["failed", "window_lost"]);
});
