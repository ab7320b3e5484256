import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Phone } from "../../phone/core.js";
import { page, refused, sdk, server, settle } from "../../tests/support/page.js";
import { Link } from "./opener-connection.js";

const ORIGIN = "https://crm.example";
const DETAILS = { number: "+12125550123", callId: "call-1", direction: "outbound", startedAt: "now", metadata: null };
const ORDER = { details: DETAILS, params: { To: "+12125550123", CallId: "call-1" } };

let stop = () => {};

/** A window's phone and link, with an opener that keeps what it is told. */
function begin({ answers } = {}) {
  const host = server(answers);
  const module = sdk();
  const phone = new Phone(page({ fetch: host.fetch, module }));
  const heard = [];
  const opener = { postMessage: (message, target) => heard.push([message, target]) };
  const closed = vi.fn();
  const link = new Link(phone, {
    page: { opener, origin: ORIGIN },
    begin: (config) => phone.start({ ...config, base: "https://voice.example" }),
    now: Date.now,
    closed,
  });
  stop = () => phone.stop();
  return { host, module, phone, link, opener, heard, closed };
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
  const pictures = () => told.filter((message) => "call" in message).map(({ call }) => call);
  return { port, told, pictures, order: (data) => port.onmessage({ data }), left: () => listeners.close() };
}

const hello = (world, port, changes = {}, data = {}) =>
  world.link.met({
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
    expect(world.link.isJoined).toBe(false);
    expect(world.host.asked).toEqual([]);
  });

  test("the page that opened it, and the exchange carries its ticket", async () => {
    const { phone, host } = await joined();
    expect(phone.state).toBe("ready");
    expect(host.asked[0].body).toEqual({ token: "ept_x", ticket: "ticket-0" });
  });

  test("it says that it is there to the page's origin alone, and again until a page answers", async () => {
    const world = begin();
    world.link.search();
    await vi.advanceTimersByTimeAsync(700);
    expect(world.heard.length).toBeGreaterThan(1);
    for (const [message, target] of world.heard) {
      expect(target).toBe(ORIGIN);
      expect(message).toEqual({ epochphone: "window", link: null });
    }
  });
});

describe("orders", () => {
  test("a call is placed with the page's own id, told step by step, and hung up", async () => {
    const { phone, module, order, pictures } = await joined();
    order({ dial: ORDER });
    await settle();
    expect(phone.call.callId).toBe("call-1");
    const { call } = module.devices[0];
    expect(call.params).toEqual(ORDER.params);
    call.emit("ringing", false);
    call.emit("accept", call);
    order({ mute: true });
    order({ hangup: "another call" });
    expect(phone.state).toBe("in-progress");
    order({ hangup: "call-1" });
    const told = pictures().filter(Boolean);
    expect(told.map(({ state }) => state)).toEqual(["dialing", "ringing", "in-progress", "in-progress", "completed"]);
    expect(told.at(-2).muted).toBe(true);
    expect(told.at(-1).ended).toMatchObject({ status: "completed", problem: null });
    expect(told.every(({ details }) => details.callId === "call-1")).toBe(true);
  });

  test("an order that comes before the phone is ready waits for it", async () => {
    const world = begin();
    const { port, order } = portOf();
    hello(world, port);
    order({ dial: ORDER });
    expect(world.phone.call).toBeNull();
    await settle();
    await settle();
    expect(world.phone.call.callId).toBe("call-1");
  });

  test("an order that was taken back before is not carried out", async () => {
    const world = begin();
    const { port, order } = portOf();
    hello(world, port);
    order({ dial: ORDER });
    order({ hangup: "call-1" });
    await settle();
    expect(world.phone.call).toBeNull();
  });

  test("a phone that was refused answers with the refusal", async () => {
    const exchange = [refused(401, "revoked_embed_token", "Invalid or revoked token")];
    const { order, pictures } = await joined({ answers: { exchange } });
    order({ dial: ORDER });
    const { details, ended } = pictures().at(-1);
    expect(details.callId).toBe("call-1");
    expect(ended).toMatchObject({ status: "refused", problem: { code: "revoked_embed_token" } });
  });

  test("a second call is refused while there is one", async () => {
    const { phone, order, pictures } = await joined();
    order({ dial: ORDER });
    await settle();
    order({ dial: { ...ORDER, details: { ...DETAILS, callId: "call-2" } } });
    expect(pictures().at(-1)).toMatchObject({
      details: { callId: "call-2" },
      ended: { status: "failed", problem: { code: "call_elsewhere" } },
    });
    expect(phone.call.callId).toBe("call-1");
  });
});

describe("pages that come and go", () => {
  test("what ended while none was there is told to the next, until one has heard it", async () => {
    const world = await joined();
    world.order({ dial: ORDER });
    await settle();
    world.left();
    world.phone.hangup();
    const next = portOf();
    hello(world, next.port, {}, { link: "link-2" });
    expect(next.pictures()[0]).toMatchObject({ details: { callId: "call-1" }, ended: { status: "canceled" } });
    next.order({ heard: "call-1" });
    const after = portOf();
    hello(world, after.port, {}, { link: "link-3" });
    expect(after.pictures()).toEqual([null]);
    expect(world.host.count("exchange")).toBe(1);
  });

  test("a page with another token gets nothing while there is a call, and the window after", async () => {
    const world = await joined();
    world.order({ dial: ORDER });
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
    world.order({ ticket: "ticket-new" });
    await settle();
    expect(world.host.asked.at(-1).body.ticket).toBe("ticket-new");
    expect(world.told.filter(({ renew }) => renew)).toHaveLength(1);
  });

  test("a page that wants it no more ends its call and closes it", async () => {
    const world = await joined();
    world.order({ dial: ORDER });
    await settle();
    world.order({ close: true });
    expect(world.phone.state).toBe("completed");
    expect(world.closed).toHaveBeenCalledOnce();
  });
});
