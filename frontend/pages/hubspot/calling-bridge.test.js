import { afterEach, beforeEach, expect, test, vi } from "vitest";
import "../../tests/support/jsdom-styles.js";
import { EmbeddedPhone } from "../../phone/api.js";
import { fakeEnvironment, refusal, fakeSdk, fakeServer, settle } from "../../tests/support/fakes.js";
import { CallingBridge } from "./calling-bridge.js";

const NUMBER = "+12125550123";
const METHODS = [
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
function createBridge(answers, loggedAccount = "") {
  const host = fakeServer(answers);
  const module = fakeSdk();
  const env = { ...fakeEnvironment({ fetch: host.fetch, sdk: module }), document };
  env.window.MutationObserver = window.MutationObserver;
  const embedded = new EmbeddedPhone(null, env);
  const { api } = embedded;
  phones.push(api);
  const messages = [];
  const hubspot = Object.fromEntries(METHODS.map((name) => [name, (data) => messages.push([name, data])]));
  const notices = [];
  const bridge = new CallingBridge(hubspot, api, (text) => notices.push(text), loggedAccount);
  embedded.start({ token: "ept_x", apiBase: "https://voice.example" });
  bridge.start();
  return { api, host, module, bridge, messages, notices, names: () => messages.map(([name]) => name) };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  for (const api of phones) api.destroy();
  phones = [];
  vi.useRealTimers();
});

test("logs in to HubSpot when the phone is ready, then dials the waiting number", async () => {
  const { bridge, messages, names } = createBridge();
  bridge.dial({ phoneNumber: "+12125550100" });
  bridge.dial({ phoneNumber: NUMBER, objectId: 51 });
  expect(names()).toEqual([]);
  await settle();
  expect(names()).toEqual(["userLoggedIn", "outgoingCall"]);
  expect(messages[1][1].toNumber).toBe(NUMBER);
});

test("links the call to the record in HubSpot", async () => {
  const { api, bridge } = createBridge();
  const started = [];
  api.on("callStarted", (call) => started.push(call));
  await settle();
  bridge.dial({ phoneNumber: NUMBER, portalId: 1, objectId: 51, objectType: "CONTACT" });
  api.hangup();
  bridge.dial({ phoneNumber: NUMBER, portalId: 1, objectId: "../..", objectType: "DEAL" });
  expect(started.map(({ url }) => url)).toEqual(["https://app.hubspot.com/contacts/1/record/0-1/51", undefined]);
});

test("leaves calls from the records of a connected account to the server, and logs all others", async () => {
  const { api, bridge, messages, notices } = createBridge({}, "7");
  await settle();
  const record = { phoneNumber: NUMBER, portalId: 7, objectId: 51, objectType: "CONTACT" };
  for (const asked of [
    record,
    { ...record, portalId: 8 },
    { ...record, objectType: "TASK" },
    { phoneNumber: NUMBER },
  ]) {
    bridge.dial(asked);
    api.hangup();
    await settle();
  }
  const created = messages.filter(([name]) => name === "outgoingCall").map(([, data]) => data.createEngagement);
  expect(created).toEqual([false, true, true, true]);
  const [completed] = messages.filter(([name]) => name === "callCompleted").map(([, data]) => data);
  expect(completed).not.toHaveProperty("engagementProperties");
  expect(notices).not.toContain("HubSpot did not log this call on the record");
});

test("refuses the waiting number if the phone cannot start", async () => {
  const { bridge, messages, notices } = createBridge({
    exchange: [refusal(401, "revoked_embed_token", "Invalid or revoked token")],
  });
  bridge.dial({ phoneNumber: NUMBER });
  await settle();
  expect(messages).toEqual([["sendError", { message: "Invalid or revoked token" }]]);
  expect(notices.at(-1)).toBe(`Invalid or revoked token: ${NUMBER}`);
  bridge.dial({ phoneNumber: NUMBER });
  expect(notices.at(-1)).toBe(`Invalid or revoked token: ${NUMBER}`);
});

test("completes a call when it has ended and its record is known, in either order", async () => {
  const { api, module, bridge, names, messages } = createBridge();
  await settle();
  bridge.dial({ phoneNumber: NUMBER });
  await settle();
  await settle();
  bridge.onEngagementCreated({ engagementId: "77" });
  module.devices[0].call.emit("accept");
  api.hangup();
  expect(names()).toEqual(["userLoggedIn", "outgoingCall", "callAnswered", "callEnded", "callCompleted"]);
  expect(messages.at(-1)[1]).toMatchObject({ engagementId: "77", hideWidget: true });

  bridge.dial({ phoneNumber: NUMBER });
  await settle();
  api.hangup();
  expect(names().slice(-2)).toEqual(["outgoingCall", "callEnded"]);
  bridge.onEngagementCreated({ engagementId: 78 });
  expect(messages.at(-1)).toMatchObject(["callCompleted", { engagementId: 78 }]);
  expect(messages.at(-1)[1].engagementProperties.hs_call_status).toBe("CANCELED");
});

test("stops waiting for a record after a while", async () => {
  const { api, bridge, names, notices } = createBridge();
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

test("matches a record to its call by the call id", async () => {
  const { api, bridge, messages } = createBridge();
  await settle();
  const ids = [];
  for (let count = 0; count < 2; count += 1) {
    bridge.dial({ phoneNumber: NUMBER });
    ids.push(messages.filter(([name]) => name === "outgoingCall").at(-1)[1].externalCallId);
    await settle();
    api.hangup();
  }
  bridge.onEngagementCreated({ externalCallId: ids[1], engagementId: 2 });
  bridge.onEngagementCreated({ externalCallId: ids[0], engagementId: 1 });
  const completed = messages.filter(([name]) => name === "callCompleted").map(([, data]) => data);
  expect(completed.map(({ externalCallId, engagementId }) => [externalCallId, engagementId])).toEqual([
    [ids[1], 2],
    [ids[0], 1],
  ]);
});
