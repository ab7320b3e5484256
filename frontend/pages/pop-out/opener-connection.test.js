import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Phone } from "../../phone/core.js";
import { page, refused, sdk, server, settle } from "../../tests/support/page.js";
import { OpenerConnection } from "./opener-connection.js";

const ORIGIN = "https://crm.example";
const DETAILS = { number: "+12125550123", callId: "call-1", direction: "outbound", startedAt: "now", metadata: null };
const REQUEST = { details: DETAILS, params: { To: "+12125550123", CallId: "call-1" } };

let stop = () => {};

/** A pop-out's phone and its connection, with an opener that keeps the messages it gets. */
function begin({ answers } = {}) {
  const host = server(answers);
  const module = sdk();
  const phone = new Phone(page({ fetch: host.fetch, module }));
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

/** The window's end of a port: what goes in by `order`, comes out in `told`. */
function portOf() {
  const told = [];
  const listeners = {};
  const port = {
    postMessage: (message) => told.push(structuredClone(message)),
    addEventListener: (name, listener) => (listeners[name] = listener),
    close: vi.fn(),
  };
  const snapshots = () => told.filter((message) => "call" in message).map(({ call }) => call);
  return { port, told, snapshots, send: (data) => port.onmessage({ data }), left: () => listeners.close() };
}

const hello = (world, port, changes = {}, data = {}) =>
  world.connection.onMessage({
    source: world.opener,
    origin: ORIGIN,
    data: { epochphone: "page", link: "link-1", token: "ept_x", ticket: "ticket-0", settings: {}, ...data },
    ports: [port],
    ...changes,
  });

async function joined(options) {
  const world = begin(options);
  const ends = portOf();
  hello(world, ends.port);
  await settle();
  return { ...world, ...ends };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  stop();
  vi.useRealTimers();
});

describe("who may give this window its token", () => {
  test.each([
    ["a frame beside the page that opened it", { source: {} }, {}],
    ["the page that came in the opener's place, of another origin", { origin: "https://evil.example" }, {}],
    ["a page whose origin only begins so", { origin: `${ORIGIN}.evil.example` }, {}],
    ["a message of something else", {}, { epochphone: "window" }],
    ["a token that is no text", {}, { token: { toString: () => "ept_x" } }],
    ["a message without a port", { ports: [] }, {}],
  ])("not %s", async (_, changes, data) => {
    const world = begin();
    hello(world, portOf().port, changes, data);
    await settle();
    expect(world.connection.hasToken).toBe(false);
    expect(world.host.asked).toEqual([]);
  });

  test("the page that opened it, and the exchange carries its ticket", async () => {
    const { phone, host } = await joined();
    expect(phone.state).toBe("ready");
    expect(host.asked[0].body).toEqual({ token: "ept_x", ticket: "ticket-0" });
  });

  test("it says that it is there to the page's origin alone, and again until a page answers", async () => {
    const world = begin();
    world.connection.announce();
    await vi.advanceTimersByTimeAsync(700);
    expect(world.received.length).toBeGreaterThan(1);
    for (const [message, target] of world.received) {
      expect(target).toBe(ORIGIN);
      expect(message).toEqual({ epochphone: "window", link: null });
    }
  });
});

describe("orders", () => {
  test("a call is placed with the page's own id, told step by step, and hung up", async () => {
    const { phone, module, send, snapshots } = await joined();
    send({ dial: REQUEST });
    await settle();
    expect(phone.call.callId).toBe("call-1");
    const { call } = module.devices[0];
    expect(call.params).toEqual(REQUEST.params);
    call.emit("ringing", false);
    call.emit("accept", call);
    send({ mute: true });
    send({ hangup: "another call" });
    expect(phone.state).toBe("in-progress");
    send({ hangup: "call-1" });
    const told = snapshots().filter(Boolean);
    expect(told.map(({ state }) => state)).toEqual(["dialing", "ringing", "in-progress", "in-progress", "completed"]);
    expect(told.at(-2).muted).toBe(true);
    expect(told.at(-1).ended).toMatchObject({ status: "completed", problem: null });
    expect(told.every(({ details }) => details.callId === "call-1")).toBe(true);
  });

  test("an order that comes before the phone is ready waits for it", async () => {
    const world = begin();
    const { port, send } = portOf();
    hello(world, port);
    send({ dial: REQUEST });
    expect(world.phone.call).toBeNull();
    await settle();
    await settle();
    expect(world.phone.call.callId).toBe("call-1");
  });

  test("an order that was taken back before is not carried out", async () => {
    const world = begin();
    const { port, send } = portOf();
    hello(world, port);
    send({ dial: REQUEST });
    send({ hangup: "call-1" });
    await settle();
    expect(world.phone.call).toBeNull();
  });

  test("a phone that was refused answers with the refusal", async () => {
    const exchange = [refused(401, "revoked_embed_token", "Invalid or revoked token")];
    const { send, snapshots } = await joined({ answers: { exchange } });
    send({ dial: REQUEST });
    const { details, ended } = snapshots().at(-1);
    expect(details.callId).toBe("call-1");
    expect(ended).toMatchObject({ status: "refused", problem: { code: "revoked_embed_token" } });
  });

  test("a second call is refused while there is one", async () => {
    const { phone, send, snapshots } = await joined();
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

describe("pages that come and go", () => {
  test("what ended while none was there is told to the next, until one has received it", async () => {
    const world = await joined();
    world.send({ dial: REQUEST });
    await settle();
    world.left();
    world.phone.hangup();
    const next = portOf();
    hello(world, next.port, {}, { link: "link-2" });
    expect(next.snapshots()[0]).toMatchObject({ details: { callId: "call-1" }, ended: { status: "canceled" } });
    next.send({ heard: "call-1" });
    const after = portOf();
    hello(world, after.port, {}, { link: "link-3" });
    expect(after.snapshots()).toEqual([null]);
    expect(world.host.count("exchange")).toBe(1);
  });

  test("a page with another token gets nothing while there is a call, and the window after", async () => {
    const world = await joined();
    world.send({ dial: REQUEST });
    await settle();
    const other = portOf();
    hello(world, other.port, {}, { token: "ept_y" });
    expect(other.told).toEqual([{ busy: true }]);
    world.phone.hangup();
    hello(world, other.port, {}, { token: "ept_y", ticket: "ticket-y" });
    await settle();
    expect(world.host.asked.at(-1).body.token).toBe("ept_y");
  });

  test("a ticket that is over is asked for once, and the new one is used", async () => {
    const over = refused(403, "domain_not_allowed", "Domain not allowed");
    const world = await joined({ answers: { exchange: [over, over] } });
    expect(world.told.filter(({ renew }) => renew)).toHaveLength(1);
    world.send({ ticket: "ticket-new" });
    await settle();
    expect(world.host.asked.at(-1).body.ticket).toBe("ticket-new");
    expect(world.told.filter(({ renew }) => renew)).toHaveLength(1);
  });

  test("a page that wants it no more ends its call and closes it", async () => {
    const world = await joined();
    world.send({ dial: REQUEST });
    await settle();
    world.send({ close: true });
    expect(world.phone.state).toBe("completed");
    expect(world.onClose).toHaveBeenCalledOnce();
  });
});
