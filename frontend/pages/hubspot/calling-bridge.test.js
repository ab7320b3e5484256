import { afterEach, beforeEach, expect, test, vi } from "vitest";
import "../../tests/support/styles.js";
import { EmbeddedPhone } from "../../phone/api.js";
import { page, refused, sdk, server, settle } from "../../tests/support/page.js";
import { CallingBridge } from "./calling-bridge.js";

const NUMBER = "+12125550123";
const TOLD = [
  "userLoggedIn",
  "userLoggedOut",
  "outgoingCall",
  "callAnswered",
  "callEnded",
  "callCompleted",
  "sendError",
];
let phones = [];

/** A phone that has begun but not finished its exchange, linked to a HubSpot that records the messages it gets. */
function begin(answers) {
  const host = server(answers);
  const module = sdk();
  const env = { ...page({ fetch: host.fetch, module }), document };
  env.window.MutationObserver = window.MutationObserver;
  const embedded = new EmbeddedPhone(null, env);
  const { api } = embedded;
  phones.push(api);
  const told = [];
  const hubspot = Object.fromEntries(TOLD.map((name) => [name, (data) => told.push([name, data])]));
  const notices = [];
  const bridge = new CallingBridge(hubspot, api, (text) => notices.push(text));
  embedded.start({ token: "ept_x", apiBase: "https://voice.example" });
  bridge.start();
  return { api, host, module, bridge, told, notices, names: () => told.map(([name]) => name) };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  for (const api of phones) api.destroy();
  phones = [];
  vi.useRealTimers();
});

test("says that people can call only when they can, and then dials what waited", async () => {
  const { bridge, told, names } = begin();
  bridge.dial({ phoneNumber: "+12125550100" });
  bridge.dial({ phoneNumber: NUMBER, objectId: 51 });
  expect(names()).toEqual([]);
  await settle();
  expect(names()).toEqual(["userLoggedIn", "outgoingCall"]);
  expect(told[1][1].toNumber).toBe(NUMBER);
});

test("refuses what waited when the phone cannot start", async () => {
  const { bridge, told, notices } = begin({
    exchange: [refused(401, "revoked_embed_token", "Invalid or revoked token")],
  });
  bridge.dial({ phoneNumber: NUMBER });
  await settle();
  expect(told).toEqual([["sendError", { message: "Invalid or revoked token" }]]);
  expect(notices.at(-1)).toBe(`Invalid or revoked token: ${NUMBER}`);
  bridge.dial({ phoneNumber: NUMBER });
  expect(notices.at(-1)).toBe(`Invalid or revoked token: ${NUMBER}`);
});

test("completes a call once it is over and its record is known, whichever comes first", async () => {
  const { api, module, bridge, names, told } = begin();
  await settle();
  bridge.dial({ phoneNumber: NUMBER });
  await settle();
  await settle();
  bridge.onEngagementCreated({ engagementId: "77" });
  module.devices[0].call.emit("accept");
  api.hangup();
  expect(names()).toEqual(["userLoggedIn", "outgoingCall", "callAnswered", "callEnded", "callCompleted"]);
  expect(told.at(-1)[1]).toMatchObject({ engagementId: "77", hideWidget: true });

  bridge.dial({ phoneNumber: NUMBER });
  await settle();
  api.hangup();
  expect(names().slice(-2)).toEqual(["outgoingCall", "callEnded"]);
  bridge.onEngagementCreated({ engagementId: 78 });
  expect(told.at(-1)).toMatchObject(["callCompleted", { engagementId: 78 }]);
  expect(told.at(-1)[1].engagementProperties.hs_call_status).toBe("CANCELED");
});

test("does not wait for a record for ever", async () => {
  const { api, bridge, names, notices } = begin();
  await settle();
  bridge.dial({ phoneNumber: NUMBER });
  await settle();
  api.hangup();
  await vi.advanceTimersByTimeAsync(14_000);
  expect(names()).not.toContain("callCompleted");
  await vi.advanceTimersByTimeAsync(2_000);
  expect(names().filter((name) => name === "callCompleted")).toHaveLength(1);
  expect(notices.at(-1)).toBe("HubSpot did not log this call on the record");
  bridge.onEngagementCreated({ engagementId: 79 });
  expect(names().filter((name) => name === "callCompleted")).toHaveLength(1);
});

test("a record is told apart by its call", async () => {
  const { api, bridge, told } = begin();
  await settle();
  const ids = [];
  for (let count = 0; count < 2; count += 1) {
    bridge.dial({ phoneNumber: NUMBER });
    ids.push(told.filter(([name]) => name === "outgoingCall").at(-1)[1].externalCallId);
    await settle();
    api.hangup();
  }
  bridge.onEngagementCreated({ externalCallId: ids[1], engagementId: 2 });
  bridge.onEngagementCreated({ externalCallId: ids[0], engagementId: 1 });
  const completed = told.filter(([name]) => name === "callCompleted").map(([, data]) => data);
  expect(completed.map(({ externalCallId, engagementId }) => [externalCallId, engagementId])).toEqual([
    [ids[1], 2],
    [ids[0], 1],
  ]);
});
