/** Checks the panel's list of missed calls: calling back, marking as seen, pages without the list. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import "../../tests/support/jsdom-styles.js";
import { EXCHANGE_RESPONSE, fakeEnvironment, fakeSdk, fakeServer, settle } from "../../tests/support/fakes.js";
import { EmbeddedPhone } from "../api.js";

const OWN = "+12125550142";
const NONE = { count: 0, calls: [], asOf: "2026-11-29T11:00:00+00:00" };
const MISSED = {
  count: 2,
  calls: [{ id: "1", number: "+12125550160", called: OWN, startedAt: "2026-11-29T10:00:00Z" }],
  asOf: "2026-11-29T11:00:00+00:00",
};
const exchangeResponse = {
  ...EXCHANGE_RESPONSE,
  from_numbers: [EXCHANGE_RESPONSE.caller_id, OWN].map((number) => ({ number, name: "" })),
};

let embedded;
let server;
let sdk;

async function openPanel(answers, settings = { ticket: "page-ticket" }) {
  server = fakeServer({ exchange: [exchangeResponse], "missed-calls": answers });
  sdk = fakeSdk();
  const env = { ...fakeEnvironment({ fetch: server.fetch, sdk }), document };
  env.window.MutationObserver = window.MutationObserver;
  env.window.matchMedia = () => ({ matches: false, addEventListener() {}, removeEventListener() {} });
  env.window.sessionStorage = { getItem: () => null, setItem() {}, removeItem() {} };
  embedded = new EmbeddedPhone(null, env);
  embedded.api.init({ token: "ept_x", apiBase: "https://voice.example", ...settings });
  await settle();
  embedded.api.open();
  await vi.advanceTimersByTimeAsync(50);
}

const find = (selector) => document.querySelector("epoch-phone").shadowRoot.querySelector(selector);
const isShown = () => Boolean(find(".missed-calls")) && !find(".missed-calls").hidden;
const sent = () => server.requests.filter(({ path }) => path === "missed-calls").map(({ body }) => body);

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  embedded.destroy();
  vi.useRealTimers();
});

test("Call back calls the caller from the number that was called, and the list is asked for again", async () => {
  await openPanel([MISSED, NONE]);
  expect(sent()).toEqual([{ token: "ept_x", ticket: "ticket-1" }]);
  expect(find(".missed-calls .heading span").textContent).toBe("Missed calls (2)");
  expect(find(".missed-call bdi").textContent).toBe("+1 212-555-0160");
  expect(find(".back-call").getAttribute("aria-label")).toBe("Call back +1 212-555-0160");
  find(".back-call").click();
  await vi.advanceTimersByTimeAsync(50);
  expect(sdk.devices[0].call.params).toMatchObject({ To: "+12125550160", FromNumber: OWN });
  expect(isShown()).toBe(false);
  embedded.api.reset();
  await vi.advanceTimersByTimeAsync(50);
  expect([sent().length, isShown()]).toEqual([2, false]);
});

test("a called number that was released is not requested as the number to call from", async () => {
  const [call] = MISSED.calls;
  await openPanel([{ ...MISSED, calls: [{ ...call, called: "+12125550199" }] }]);
  find(".back-call").click();
  await vi.advanceTimersByTimeAsync(50);
  expect(sdk.devices[0].call.params).not.toHaveProperty("FromNumber");
});

test("the calls of the list are marked as seen, and no others", async () => {
  await openPanel([{ ...MISSED, count: 100 }, { ...MISSED, count: 1 }, NONE]);
  expect(find(".missed-calls .heading span").textContent).toBe("Missed calls (99+)");
  find(".missed-calls .clear").click();
  await settle();
  expect(sent()[1]).toEqual({ token: "ept_x", ticket: "ticket-1", seen_until: MISSED.asOf });
  expect([isShown(), find(".missed-calls .heading span").textContent]).toEqual([true, "Missed calls (1)"]);
  find(".missed-calls .clear").click();
  await settle();
  expect(isShown()).toBe(false);
});

test("customers' pages request no missed calls, and a failure shows nothing", async () => {
  await openPanel([MISSED], {});
  expect([sent(), isShown()]).toEqual([[], false]);
  embedded.destroy();
  await openPanel([new TypeError("Failed to fetch")]);
  expect([sent().length, isShown()]).toEqual([1, false]);
});
