import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Phone } from "../../phone/core.js";
import { fakeEnvironment, refusal, fakeSdk, fakeServer, settle } from "../../tests/support/fakes.js";
import { OpenerConnection } from "./opener-connection.js";

const ORIGIN = "https://crm.example";
const DETAILS = { number: "+12125550123", callId: "call-1", direction: "outbound", startedAt: "now", metadata: null };
const REQUEST = { details: DETAILS, params: { To: "+12125550123", CallId: "call-1" } };

let stop = () => {};

/** A pop-out's phone and its connection, with an opener that keeps the messages it gets. */
function createConnection({ answers } = {}) {
  const host = fakeServer(answers);
  const module = fakeSdk();
  const phone = new Phone(fakeEnvironment({ fetch: host.fetch, sdk: module }));
  const received = [];
  const opener = { postMessage: (message, target) => received.push([message, target]) };
  const onClose = vi.fn();
  const connection = new OpenerConnection(phone, {
    opener,
    origin: ORIGIN,
    start: (config) => phone.start({ ...config, base: "https://voice.example" }),
    now: Date.now,
    onClose,
  });
  stop = () => phone.stop();
  return { host, module, phone, connection, opener, received, onClose };
}

/** The pop-out's end of a port: `send` puts a command in, `reports` are what came out. */
function createPort() {
  const reports = [];
  const listeners = {};
  const port = {
    postMessage: (message) => reports.push(structuredClone(message)),
    addEventListener: (name, listener) => (listeners[name] = listener),
    close: vi.fn(),
  };
  const snapshots = () => reports.filter((message) => "call" in message).map(({ call }) => call);
  return { port, reports, snapshots, send: (data) => port.onmessage({ data }), left: () => listeners.close() };
}

const welcome = (fixture, port, changes = {}, data = {}) =>
  fixture.connection.onMessage({
    source: fixture.opener,
    origin: ORIGIN,
    data: { epochphone: "page", link: "link-1", token: "ept_x", ticket: "ticket-0", settings: {}, ...data },
    ports: [port],
    ...changes,
  });

async function connected(options) {
  const fixture = createConnection(options);
  const page = createPort();
  welcome(fixture, page.port);
  await settle();
  return { ...fixture, ...page };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  stop();
  vi.useRealTimers();
});

describe("onMessage", () => {
  test.each([
    ["a frame beside the opener", { source: {} }, {}],
    ["another origin's page in the opener's place", { origin: "https://evil.example" }, {}],
    ["a page whose origin only begins like it", { origin: `${ORIGIN}.evil.example` }, {}],
    ["a message of another kind", {}, { epochphone: "window" }],
    ["a token that is not a string", {}, { token: { toString: () => "ept_x" } }],
    ["a message without a port", { ports: [] }, {}],
  ])("ignores %s", async (_, changes, data) => {
    const fixture = createConnection();
    welcome(fixture, createPort().port, changes, data);
    await settle();
    expect(fixture.connection.hasToken).toBe(false);
    expect(fixture.host.requests).toEqual([]);
  });

  test("takes the token from the opener, and sends its ticket with the exchange", async () => {
    const { phone, host } = await connected();
    expect(phone.state).toBe("ready");
    expect(host.requests[0].body).toEqual({ token: "ept_x", ticket: "ticket-0" });
  });

  test("announces itself to the page's origin only, until a page answers", async () => {
    const fixture = createConnection();
    fixture.connection.announce();
    await vi.advanceTimersByTimeAsync(700);
    expect(fixture.received.length).toBeGreaterThan(1);
    for (const [message, target] of fixture.received) {
      expect(target).toBe(ORIGIN);
      expect(message).toEqual({ epochphone: "window", link: null });
    }
  });
});

describe("commands", () => {
  test("places a call with the page's id, reports each step, and hangs up", async () => {
    const { phone, module, send, snapshots } = await connected();
    send({ dial: REQUEST });
    await settle();
    expect(phone.call.callId).toBe("call-1");
    const { call } = module.devices[0];
    expect(call.params).toEqual(REQUEST.params);
    call.emit("ringing", false);
    call.emit("accept", call);
    await settle();
    send({ mute: true });
    send({ hangup: "another call" });
    expect(phone.state).toBe("in-progress");
    send({ hangup: "call-1" });
    const reports = snapshots().filter(Boolean);
    expect(reports.map(({ state }) => state)).toEqual([
      "dialing",
      "ringing",
      "in-progress",
      "in-progress",
      "completed",
    ]);
    expect(reports.at(-2).muted).toBe(true);
    expect(reports.at(-1).ended).toMatchObject({ status: "completed", problem: null });
    expect(reports.every(({ details }) => details.callId === "call-1")).toBe(true);
  });

  test("a request waits until the phone is ready", async () => {
    const fixture = createConnection();
    const { port, send } = createPort();
    welcome(fixture, port);
    send({ dial: REQUEST });
    expect(fixture.phone.call).toBeNull();
    await settle();
    await settle();
    expect(fixture.phone.call.callId).toBe("call-1");
  });

  test("a request that was hung up while it waited is not placed", async () => {
    const fixture = createConnection();
    const { port, send } = createPort();
    welcome(fixture, port);
    send({ dial: REQUEST });
    send({ hangup: "call-1" });
    await settle();
    expect(fixture.phone.call).toBeNull();
  });

  test("reports the refusal if the phone was refused", async () => {
    const exchange = [refusal(401, "revoked_embed_token", "Invalid or revoked token")];
    const { send, snapshots } = await connected({ answers: { exchange } });
    send({ dial: REQUEST });
    const { details, ended } = snapshots().at(-1);
    expect(details.callId).toBe("call-1");
    expect(ended).toMatchObject({ status: "refused", problem: { code: "revoked_embed_token" } });
  });

  test("refuses a second call during a call", async () => {
    const { phone, send, snapshots } = await connected();
    send({ dial: REQUEST });
    await settle();
    send({ dial: { ...REQUEST, details: { ...DETAILS, callId: "call-2" } } });
    expect(snapshots().at(-1)).toMatchObject({
      details: { callId: "call-2" },
      ended: { status: "failed", problem: { code: "call_elsewhere" } },
    });
    expect(phone.call.callId).toBe("call-1");
  });
});

describe("changing pages", () => {
  test("reports a missed end to each next page until one has handled it", async () => {
    const fixture = await connected();
    fixture.send({ dial: REQUEST });
    await settle();
    fixture.left();
    fixture.phone.hangup();
    const next = createPort();
    welcome(fixture, next.port, {}, { link: "link-2" });
    expect(next.snapshots()[0]).toMatchObject({ details: { callId: "call-1" }, ended: { status: "canceled" } });
    next.send({ heard: "call-1" });
    const after = createPort();
    welcome(fixture, after.port, {}, { link: "link-3" });
    expect(after.snapshots()).toEqual([null]);
    expect(fixture.host.count("exchange")).toBe(1);
  });

  test("does not report a missed end to a page with another token", async () => {
    const fixture = await connected();
    fixture.send({ dial: REQUEST });
    await settle();
    fixture.left();
    fixture.phone.hangup();
    const other = createPort();
    welcome(fixture, other.port, {}, { link: "link-2", token: "ept_y" });
    await settle();
    expect(other.snapshots()).not.toHaveLength(0);
    expect(other.snapshots().filter(Boolean)).toEqual([]);
  });

  test("a page with another token is refused during a call, and connected after it", async () => {
    const fixture = await connected();
    fixture.send({ dial: REQUEST });
    await settle();
    const other = createPort();
    welcome(fixture, other.port, {}, { token: "ept_y" });
    expect(other.reports).toEqual([{ busy: true }]);
    fixture.phone.hangup();
    welcome(fixture, other.port, {}, { token: "ept_y", ticket: "ticket-y" });
    await settle();
    expect(fixture.host.requests.at(-1).body.token).toBe("ept_y");
  });

  test("asks once for a new ticket after the old one expired, and uses it", async () => {
    const over = refusal(403, "domain_not_allowed", "Domain not allowed");
    const fixture = await connected({ answers: { exchange: [over, over] } });
    expect(fixture.reports.filter(({ renew }) => renew)).toHaveLength(1);
    fixture.send({ ticket: "ticket-new" });
    await settle();
    expect(fixture.host.requests.at(-1).body.ticket).toBe("ticket-new");
    expect(fixture.reports.filter(({ renew }) => renew)).toHaveLength(1);
  });

  test("the close command ends the call and closes the window", async () => {
    const fixture = await connected();
    fixture.send({ dial: REQUEST });
    await settle();
    fixture.send({ close: true });
    expect(fixture.phone.state).toBe("completed");
    expect(fixture.onClose).toHaveBeenCalledOnce();
  });
});
