/**
 * Checks the phone without its user interface, from the exchange to the end of calls, with a fake server and a fake
 * voice SDK.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Phone } from "./core.js";
import { SDK_CODES } from "./call/sdk-codes.js";
import { showNotice } from "./ui/notice.js";
import { viewOf } from "./ui/views.js";
import { core, fixes, urgentFixes } from "./i18n/locales/en.js";
import { Problem } from "./errors.js";
import { EXCHANGE_RESPONSE, fakeEnvironment, refusal, fakeSdk, fakeServer, settle } from "../tests/support/fakes.js";

const NUMBER = "+12125550123";
const EVENTS = ["ready", "error", "callStarted", "callAnswered", "callEnded", "stateChanged", "muted"];
const UUID4 = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

async function startPhone({ answers, load, start = true } = {}) {
  const server = fakeServer(answers);
  const sdk = fakeSdk();
  const env = fakeEnvironment({ fetch: server.fetch, sdk, load });
  const phone = new Phone(env);
  const emitted = [];
  for (const event of EVENTS) phone.events.on(event, (payload) => emitted.push([event, payload]));
  if (start) {
    phone.start({ token: "ept_x", base: "https://voice.example" });
    await settle();
  }
  const payloadsOf = (event) => emitted.filter(([name]) => name === event).map(([, payload]) => payload);
  return { phone, server, env, sdk, emitted, payloadsOf };
}

/** Place a call; returns the SDK's call. */
async function dial({ phone, sdk }, options) {
  expect(phone.dial(NUMBER, options)).toBe(true);
  await settle();
  await settle();
  return sdk.devices.at(-1).call;
}

describe("Phone", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(console, "warn").mockImplementation(() => {});
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  test("is ready after the exchange and emits ready once", async () => {
    const { phone, emitted } = await startPhone();
    expect(phone.state).toBe("ready");
    expect(emitted).toEqual([
      ["stateChanged", { state: "ready", previous: "loading" }],
      ["ready", undefined],
    ]);
    phone.stop();
  });

  test("emits the events of a whole call, each after its state", async () => {
    const fixture = await startPhone();
    const { phone, emitted, payloadsOf } = fixture;
    const states = [];
    for (const event of ["callStarted", "callAnswered", "callEnded"])
      phone.events.on(event, () => states.push(phone.state));
    const call = await dial(fixture, { metadata: { lead: 7 } });
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
    await settle();
    expect(call.digits).toEqual(["5"]);
    expect(states).toEqual(["dialing", "in-progress", "completed"]);
    const [started] = payloadsOf("callStarted");
    expect(started).toMatchObject({
      number: NUMBER,
      direction: "outbound",
      from: "+14155550100",
      metadata: { lead: 7 },
    });
    expect(started.callId).toMatch(UUID4);
    expect(payloadsOf("callAnswered")[0]).toMatchObject({ number: NUMBER, callId: started.callId });
    expect(payloadsOf("callEnded")).toEqual([
      { number: NUMBER, callId: started.callId, duration: 3, status: "completed", metadata: { lead: 7 } },
    ]);
    expect(emitted.map(([event]) => event).indexOf("callStarted")).toBe(3);
    expect(payloadsOf("error")).toEqual([]);
    phone.stop();
  });

  test("emits callStarted before dial returns, also when a listener dials", async () => {
    const fixture = await startPhone({ start: false });
    const inside = [];
    fixture.phone.events.on("ready", () => {
      fixture.phone.dial(NUMBER);
      inside.push(fixture.payloadsOf("callStarted").length, fixture.phone.state);
    });
    fixture.phone.start({ token: "ept_x", base: "https://voice.example" });
    await settle();
    expect(inside).toEqual([1, "dialing"]);
    fixture.phone.stop();
  });

  test("a call that a listener hangs up ends once, after callStarted", async () => {
    const { phone, emitted } = await startPhone();
    phone.events.on("stateChanged", ({ state }) => state === "dialing" && phone.hangup());
    phone.dial(NUMBER);
    await settle();
    const names = emitted.map(([event]) => event).filter((event) => event.startsWith("call"));
    expect(names).toEqual(["callStarted", "callEnded"]);
    phone.stop();
  });

  test("a call hung up before the answer has the state completed and the status canceled", async () => {
    const fixture = await startPhone();
    await dial(fixture);
    fixture.phone.hangup();
    expect(fixture.phone.state).toBe("completed");
    expect(fixture.payloadsOf("callEnded")[0]).toMatchObject({ status: "canceled", duration: 0 });
    expect(fixture.payloadsOf("error")).toEqual([]);
    fixture.phone.stop();
  });

  test("a note beside a call is shown for some seconds, and not over the next one", async () => {
    const fixture = await startPhone();
    await dial(fixture);
    const shown = () => viewOf(fixture.phone, { core }).message?.message;
    showNotice(fixture.phone, fixture.env, "call_in_progress");
    expect(shown()).toBe("A call is in progress");
    await vi.advanceTimersByTimeAsync(5_000);
    showNotice(fixture.phone, fixture.env, "call_in_progress");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(shown()).toBe("A call is in progress");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(shown()).toBeUndefined();
    expect([fixture.phone.isInCall, fixture.payloadsOf("error")]).toEqual([true, []]);
    fixture.phone.stop();
  });

  // With fake timers; tests/browser/widget/test_carrier_behaviour.py measures the same in a browser.
  test.each(["refused", "busy", "failed"])("a call that never rings is %s within 3 s of its record", async (status) => {
    const fixture = await startPhone();
    await dial(fixture);
    const dialledAt = Date.now();
    fixture.server.lists.status = [{ call: { status, message: "Why", end_reason: null } }];
    while (fixture.phone.isInCall && Date.now() - dialledAt < 60_000) await vi.advanceTimersByTimeAsync(100);
    expect(fixture.payloadsOf("callEnded")[0]).toMatchObject({ status });
    expect(Date.now() - dialledAt).toBeLessThanOrEqual(3_000);
    fixture.phone.stop();
  });

  const ofReaction = (...kinds) => Object.entries(SDK_CODES).filter(([, { action }]) => kinds.includes(action));

  test.each(ofReaction("end", "renew"))(
    "the SDK's error %s before the answer ends the call within 3 s",
    async (code, { action, status = "failed", problem }) => {
      const fixture = await startPhone({ answers: { status: [{ call: null }] } });
      await dial(fixture);
      const erroredAt = Date.now();
      fixture.sdk.devices.at(-1).emit("error", { code: Number(code) });
      await settle();
      if (action === "renew") {
        expect(fixture.phone.isInCall).toBe(true);
        expect(fixture.sdk.devices).toHaveLength(2);
        fixture.sdk.devices.at(-1).emit("error", { code: Number(code) });
      }
      while (fixture.phone.isInCall && Date.now() - erroredAt < 60_000) await vi.advanceTimersByTimeAsync(100);
      expect(Date.now() - erroredAt).toBeLessThanOrEqual(3_000);
      expect(fixture.payloadsOf("callEnded")).toHaveLength(1);
      expect(fixture.payloadsOf("callEnded")[0].status).toBe(status);
      const sentence = problem ? new Problem(problem).message : core.endedWith[status];
      expect(viewOf(fixture.phone, { core }).message.message).toBe(sentence);
      fixture.phone.stop();
    },
  );

  test("only a connection that the SDK repairs outlives its error before the answer", () => {
    expect(ofReaction("wait").map(([code]) => Number(code))).toEqual([31000, 31005, 31009, 53001]);
  });

  test.each(ofReaction("renew"))("a call whose token was refused with %s goes on with a new token", async (code) => {
    const fixture = await startPhone();
    await dial(fixture);
    fixture.sdk.devices[0].emit("error", { code: Number(code) });
    await settle();
    const { call } = fixture.sdk.devices.at(-1);
    call.answer();
    await vi.advanceTimersByTimeAsync(1_000);
    call.end();
    await settle();
    expect(fixture.payloadsOf("callEnded").map(({ status }) => status)).toEqual(["completed"]);
    expect(fixture.sdk.devices).toHaveLength(2);
    fixture.phone.stop();
  });

  const ended = (status, message, endReason, rest) => ({ call: { status, message, end_reason: endReason, ...rest } });
  const ASK = ["The carrier does not allow calls to this country yet", "failed"];
  const PLENTY = ["The carrier has too many calls at the moment", "failed"];
  test.each([
    [
      ended("failed", ...ASK, { help: "Ask an admin to contact support.", details: { who: "support" } }),
      undefined,
      "reset",
    ],
    [ended("failed", ...PLENTY, { help: "Try again in a minute.", details: null }), undefined, "callAgain"],
    [ended("failed", null, "failed"), "call_failed", "callAgain"],
    [ended("failed", null, null), "call_failed", "callAgain"],
    [ended("refused", "This destination is not allowed", "destination_not_allowed"), "call_refused", "reset"],
    [ended("refused", "This destination is not allowed", "country_not_enabled", { help: "Ask." }), undefined, "reset"],
    [ended("refused", "This destination is not allowed", "number_blocked", { help: "Ask." }), undefined, "reset"],
    [ended("refused", "Invalid phone number", "invalid_phone_number", { help: "Check it." }), undefined, "reset"],
    [ended("refused", "Too many calls", "too_many_calls", { help: "Wait a minute." }), undefined, "callAgain"],
    [ended("refused", "Too many calls", "too_many_calls"), "call_refused", "callAgain"],
    ...[
      ["calls_per_minute", "callAgain"],
      ["calls_per_day", "reset"],
      ["minutes_per_month", "reset"],
      ["spend_cents_per_day_per_token", "reset"],
    ].map(([limit, action]) => [
      ended("refused", "Too many calls", "too_many_calls", { help: "Wait.", details: { limit } }),
      undefined,
      action,
    ]),
  ])("the advice below %j is that of %s and its button does %s", async (record, fixCode, action) => {
    const fixture = await startPhone({ answers: { status: [record] } });
    (await dial(fixture)).end();
    await settle();
    const { call } = record;
    const [{ message, help }] = fixture.payloadsOf("callEnded");
    expect(help).toBe(fixes[fixCode] ?? call.help);
    expect(fixture.payloadsOf("error")[0]).toMatchObject({ message, help });
    const view = viewOf(fixture.phone, { core });
    expect(view.message).toEqual({ message: call.message ?? "The call failed", fix: help });
    expect(view.main.action).toBe(action);
    fixture.phone.stop();
  });

  test("a number that cannot be called, dialled from the page after a call, is shown at the number field", async () => {
    const fixture = await startPhone();
    (await dial(fixture)).end();
    await settle();
    expect(fixture.phone.state).toBe("failed");
    expect(fixture.phone.dial("911")).toBe(false);
    const { showsDialer, dialError, peer, main } = viewOf(fixture.phone, { core });
    expect([showsDialer, dialError.message, peer, main.action]).toEqual([
      true,
      "Emergency numbers cannot be called",
      undefined,
      "call",
    ]);
    fixture.phone.stop();
  });

  test("a call that failed without a network is removed from the panel when the network is back", async () => {
    const fixture = await startPhone();
    const { phone, env } = fixture;
    env.navigator.onLine = false;
    expect(phone.dial(NUMBER)).toBe(true);
    await settle();
    await settle();
    env.window.dispatchEvent(new Event("offline"));
    expect(viewOf(phone, { core }).message.message).toBe("You are offline");
    env.navigator.onLine = true;
    env.window.dispatchEvent(new Event("online"));
    await settle();
    const { message, main } = viewOf(phone, { core });
    expect([phone.state, message, main.action]).toEqual(["ready", null, "call"]);
    phone.stop();
  });

  const byStaff = {
    call: ended("completed", "The call was ended by our staff", "ended_by_staff", { help: "Ask." }).call,
  };
  test.each([
    ["staff ended", byStaff, "The call was ended by our staff", "Ask."],
    ["the other side ended", ended("completed", null, null), undefined, undefined],
    [
      "ended with a revoked token",
      refusal(401, "revoked_embed_token", "Invalid or revoked token", "Ask."),
      "Invalid or revoked token",
      "Ask.",
    ],
  ])("a call that %s says so", async (_, record, message, help) => {
    const fixture = await startPhone();
    const call = await dial(fixture);
    call.answer();
    fixture.server.lists.status = [record];
    call.end();
    await settle();
    const [end] = fixture.payloadsOf("callEnded");
    expect([end.status, end.message, end.help]).toEqual(["completed", message, help]);
    expect(viewOf(fixture.phone, { core }).message?.message).toBe(message);
    expect(fixture.phone.call.ended.endedByRemote).toBe(!message);
    fixture.phone.stop();
  });

  test("a call whose reason does not come in a second ends without one", async () => {
    const fixture = await startPhone();
    const call = await dial(fixture);
    call.answer();
    fixture.env.fetch.mockImplementation(() => new Promise(() => {}));
    call.end();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(fixture.payloadsOf("callEnded")[0]).toMatchObject({ status: "completed" });
    fixture.phone.stop();
  });

  describe("the console", () => {
    const lines = () => vi.mocked(console.warn).mock.calls.map(([line]) => line);

    test("has one line for each error, with its advice and a link, and no phone number", async () => {
      const help = "+1 (212) 555-0123 and +442079460018 are on the block list.";
      const record = ended("refused", "This destination is not allowed", "number_blocked", { help });
      const fixture = await startPhone({ answers: { status: [record] } });
      (await dial(fixture)).end();
      await settle();
      fixture.phone.dial("12");
      expect(lines()).toEqual([
        "EpochPhone: This destination is not allowed. … and … are on the block list. " +
          "https://voice.example/docs/widget-integration#number_blocked",
        `EpochPhone: Invalid phone number. ${urgentFixes.invalid_number} ` +
          "https://voice.example/docs/widget-integration#invalid_number",
      ]);
      expect(fixture.payloadsOf("error")[0].help).toBe(help);
      fixture.phone.stop();
    });

    test("has one line for an error that ends the call and then the session", async () => {
      const fixture = await startPhone();
      await vi.advanceTimersByTimeAsync(61_000);
      fixture.server.lists.status = [refusal(401, "revoked_embed_token", "Invalid or revoked token", "Ask an admin.")];
      fixture.phone.dial(NUMBER);
      await settle();
      expect(fixture.payloadsOf("error").length).toBeGreaterThan(1);
      expect(lines()).toEqual([
        "EpochPhone: Invalid or revoked token. Ask an admin. https://voice.example/docs/widget-integration#revoked_embed_token",
      ]);
      fixture.phone.stop();
    });
  });

  test.each([
    [31206, "too_many_requests"],
    [31208, "service_unavailable"],
  ])("a call that ended with %i is not promised another try", async (code, problem) => {
    const fixture = await startPhone();
    await dial(fixture);
    fixture.sdk.devices[0].emit("error", { code });
    await settle();
    expect(fixture.payloadsOf("error")[0].code).toBe(problem);
    const { fix } = viewOf(fixture.phone, { core }).message;
    expect(fix).toMatch(/call again|Call again/);
    expect(fix).not.toMatch(/by itself/);
    fixture.phone.stop();
  });

  test("a call that the carrier answers without ringing and without a record has failed", async () => {
    const fixture = await startPhone();
    const call = await dial(fixture);
    call.emit("accept", call);
    await settle();
    expect(fixture.phone.state).toBe("failed");
    expect(fixture.payloadsOf("callEnded")[0]).toMatchObject({
      status: "failed",
      message: "Service temporarily unavailable",
    });
    expect(call.state).toBe("closed");
    fixture.phone.stop();
  });

  test("a call that the carrier ends before it rings, without a reason and without a record, has failed", async () => {
    const fixture = await startPhone();
    const call = await dial(fixture);
    call.end();
    await settle();
    expect(fixture.payloadsOf("callEnded")[0]).toMatchObject({
      status: "failed",
      message: "Service temporarily unavailable",
    });
    fixture.phone.stop();
  });

  test.each([
    ["whose record is live", { call: { status: "in-progress", message: null, end_reason: null } }],
    ["that the server cannot be asked about", new TypeError("Failed to fetch")],
  ])("a call that is answered without ringing and %s goes on until its end", async (_, answer) => {
    const fixture = await startPhone({ answers: { status: [answer] } });
    const call = await dial(fixture);
    call.emit("accept", call);
    await settle();
    expect(fixture.phone.state).toBe("in-progress");
    call.end();
    await settle();
    expect(fixture.payloadsOf("callEnded")[0]).toMatchObject({ status: "completed" });
    fixture.phone.stop();
  });

  test("a call that is answered without ringing has the end on record", async () => {
    const live = { call: { status: "initiated", message: null, end_reason: null } };
    const fixture = await startPhone({ answers: { status: [live] } });
    const call = await dial(fixture);
    call.emit("accept", call);
    await settle();
    fixture.server.lists.status = [{ call: { status: "failed", message: null, end_reason: "failed" } }];
    call.end();
    await settle();
    expect(fixture.payloadsOf("callEnded")[0]).toMatchObject({ status: "failed", message: "The call failed" });
    fixture.phone.stop();
  });

  test.each([
    ["busy", undefined, "Try again in a few minutes."],
    ["no-answer", undefined, "Nobody picked up. Try again later."],
    ["failed", "The call failed", fixes.call_failed],
    ["refused", "Organization is suspended", fixes.call_refused],
  ])("an unanswered call is %s if its record says so", async (status, message, help) => {
    const record = { status, message: status === "refused" ? message : null, end_reason: null };
    const fixture = await startPhone({ answers: { status: [{ call: record }] } });
    const call = await dial(fixture);
    call.end();
    await settle();
    expect(fixture.phone.state).toBe("failed");
    const [end] = fixture.payloadsOf("callEnded");
    expect(end.status).toBe(status);
    expect([end.message, end.help]).toEqual([message, help]);
    const order = fixture.emitted.map(([event]) => event);
    const errors = fixture.payloadsOf("error").map((error) => error.message);
    expect(errors).toEqual(message ? [message] : []);
    if (message) expect(order.indexOf("error")).toBeLessThan(order.indexOf("callEnded"));
    expect(fixture.server.requests.at(-1)).toEqual({
      path: "status",
      body: { token: "ept_x", ticket: "ticket-1", call_id: end.callId },
    });
    fixture.phone.stop();
  });

  test.each([
    ["nonsense", "Invalid phone number"],
    ["911", "Emergency numbers cannot be called"],
  ])("refuses %s with an error and stays ready", async (typed, message) => {
    const { phone, payloadsOf } = await startPhone();
    expect(phone.dial(typed)).toBe(false);
    expect(phone.state).toBe("ready");
    expect(payloadsOf("error")[0].message).toBe(message);
    phone.stop();
  });

  test("refuses metadata that is too large or not JSON", async () => {
    const { phone, payloadsOf } = await startPhone();
    const circular = {};
    circular.self = circular;
    expect(phone.dial(NUMBER, { metadata: { note: "x".repeat(2_000) } })).toBe(false);
    expect(phone.dial(NUMBER, { metadata: circular })).toBe(false);
    expect(payloadsOf("error").map(({ code }) => code)).toEqual(["invalid_metadata", "invalid_metadata"]);
    phone.stop();
  });

  test("has the called person in the events and in the carrier's parameters", async () => {
    const fixture = await startPhone();
    const person = { name: "Grace Hopper", company: "Acme Realty", url: "https://crm.example/contacts/4711" };
    const options = { name: "  Grace\n\0Hopper ", company: "Acme Realty", url: "/contacts/4711" };
    const call = await dial(fixture, options);
    const { name: Name, company: Company, url: Url } = person;
    expect(call.params).toMatchObject({ Name, Company, Url });
    expect(fixture.phone.call).toMatchObject(person);
    call.answer();
    call.end();
    await settle();
    for (const event of ["callStarted", "callEnded"]) expect(fixture.payloadsOf(event)[0]).toMatchObject(person);
    // A call that is placed again is a call to the same person.
    fixture.phone.redial();
    expect(fixture.payloadsOf("callStarted")[1]).toMatchObject(person);
    fixture.phone.stop();
  });

  test("calls again from the number that was asked for, and otherwise lets the server choose again", async () => {
    const from_numbers = [EXCHANGE_RESPONSE.caller_id, "+12125550142"].map((number) => ({ number, name: "" }));
    const fixture = await startPhone({ answers: { exchange: [{ ...EXCHANGE_RESPONSE, from_numbers }] } });
    const { phone } = fixture;
    const redialFrom = async (call) => {
      call.answer();
      call.end();
      await settle();
      phone.redial();
      await settle();
      const again = fixture.sdk.devices[0].call;
      again.end();
      await settle();
      return again.params.FromNumber;
    };
    expect(await redialFrom(await dial(fixture, { from: "+12125550142" }))).toBe("+12125550142");
    expect(await redialFrom(await dial(fixture, {}))).toBeUndefined();
    phone.pickedFrom = EXCHANGE_RESPONSE.caller_id;
    expect(await redialFrom(await dial(fixture, {}))).toBe(EXCHANGE_RESPONSE.caller_id);
    phone.stop();
  });

  test("leaves out the called person if the page does not give one", async () => {
    const fixture = await startPhone();
    const call = await dial(fixture, { name: " ", company: null, url: "" });
    expect(Object.keys(call.params)).toEqual(["To", "CallId", "Page"]);
    expect(Object.keys(fixture.payloadsOf("callStarted")[0])).not.toContain("name");
    fixture.phone.stop();
  });

  test("cuts a long name and places the call", async () => {
    const fixture = await startPhone();
    const call = await dial(fixture, { name: "👩".repeat(300), company: 42 });
    expect(call.params).toMatchObject({ Name: "👩".repeat(200), Company: "42" });
    fixture.phone.stop();
  });

  test.each([
    "javascript:alert(1)",
    "data:text/html,x",
    "https://bank.example@evil.example",
    "https://:secret@crm.example",
    "https://[",
    `https://crm.example/${"x".repeat(1_000)}`,
  ])("refuses the url %s with an error", async (url) => {
    const { phone, payloadsOf } = await startPhone();
    expect(phone.dial(NUMBER, { url })).toBe(false);
    expect(payloadsOf("error")).toMatchObject([{ code: "url_invalid", message: "Call url is not valid" }]);
    phone.stop();
  });

  test.each([
    ["WebRTC", (env) => delete env.window.RTCPeerConnection],
    ["media devices", (env) => delete env.navigator.mediaDevices],
    ["getUserMedia", (env) => delete env.navigator.mediaDevices.getUserMedia],
  ])("a browser without %s is an error from the start, and no call begins", async (_, removeFeature) => {
    const { phone, server, env, emitted, payloadsOf } = await startPhone({ start: false });
    removeFeature(env);
    phone.start({ token: "ept_x", base: "https://voice.example" });
    await settle();
    expect(phone.state).toBe("error");
    expect(payloadsOf("error")).toEqual([
      {
        message: "This browser cannot make calls",
        code: "browser_not_supported",
        help: urgentFixes.browser_not_supported,
      },
    ]);
    expect([phone.isReady, phone.canDial, phone.dial(NUMBER)]).toEqual([false, false, false]);
    expect(emitted.map(([event]) => event)).toEqual(["stateChanged", "error"]);
    expect(server.requests).toEqual([]);
    phone.stop();
  });

  test("a page over plain http, which has no media devices in any browser, is ready", async () => {
    const { phone, env } = await startPhone({ start: false });
    env.window.isSecureContext = false;
    delete env.navigator.mediaDevices;
    phone.start({ token: "ept_x", base: "https://voice.example" });
    await settle();
    expect(phone.state).toBe("ready");
    phone.stop();
  });

  test("ignores calls while it is not ready", async () => {
    const { phone, emitted } = await startPhone({ start: false });
    expect(phone.dial(NUMBER)).toBe(false);
    phone.reset();
    phone.hangup();
    phone.sendDigit("1");
    expect(phone.state).toBe("loading");
    expect(emitted).toEqual([]);
  });

  test("places one call at a time", async () => {
    const fixture = await startPhone();
    await dial(fixture);
    expect(fixture.phone.dial(NUMBER)).toBe(false);
    expect(fixture.payloadsOf("callStarted")).toHaveLength(1);
    fixture.phone.stop();
  });

  test("reset hangs up, and starts over in the state error", async () => {
    const fixture = await startPhone();
    await dial(fixture);
    fixture.phone.reset();
    expect(fixture.phone.state).toBe("ready");
    expect(fixture.payloadsOf("callEnded")).toHaveLength(1);
    fixture.server.lists.exchange = [refusal(401, "revoked_embed_token", "Invalid or revoked token")];
    fixture.phone.start({ token: "ept_x", base: "https://voice.example" });
    await settle();
    expect(fixture.phone.state).toBe("error");
    fixture.server.lists.exchange = [EXCHANGE_RESPONSE];
    fixture.phone.reset();
    await settle();
    expect(fixture.phone.state).toBe("ready");
    expect(fixture.payloadsOf("ready")).toHaveLength(2);
    fixture.phone.stop();
  });

  test("a blocked SDK is an error, and the next call loads it again", async () => {
    const sdk = fakeSdk();
    let blocked = true;
    const load = vi.fn(async () => {
      if (blocked) throw new TypeError("Failed to fetch dynamically imported module");
      return sdk;
    });
    const { phone, payloadsOf } = await startPhone({ load });
    phone.preload();
    await vi.advanceTimersByTimeAsync(1_500);
    expect(load.mock.calls.map(([url]) => url)).toEqual([
      "https://voice.example/widget/sdk.js",
      "https://voice.example/widget/sdk.js?r=1",
    ]);
    expect(phone.state).toBe("error");
    expect(payloadsOf("error")).toEqual([
      { message: "Failed to load phone SDK", code: "sdk_load_failed", help: urgentFixes.sdk_load_failed },
    ]);
    blocked = false;
    expect(phone.dial(NUMBER)).toBe(true);
    await settle();
    expect(sdk.devices).toHaveLength(1);
    phone.stop();
  });

  test("an SDK that fails to load during a call ends the call once, then is an error", async () => {
    const { phone, payloadsOf, emitted } = await startPhone({
      load: async () => Promise.reject(new TypeError("blocked")),
    });
    phone.dial(NUMBER);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(phone.state).toBe("error");
    expect(payloadsOf("callEnded")).toHaveLength(1);
    expect(payloadsOf("callEnded")[0]).toMatchObject({ status: "failed", message: "Failed to load phone SDK" });
    const states = emitted.filter(([event]) => event === "stateChanged").map(([, { state }]) => state);
    expect(states).toEqual(["ready", "dialing", "failed", "error"]);
    phone.stop();
  });

  test("a connect() that never settles times out, and the next call gets a new Device", async () => {
    const fixture = await startPhone();
    fixture.sdk.connects = false;
    fixture.phone.dial(NUMBER);
    await vi.advanceTimersByTimeAsync(16_000);
    expect(fixture.phone.state).toBe("failed");
    expect(fixture.payloadsOf("error")[0].code).toBe("connection_failed");
    fixture.sdk.connects = true;
    await dial(fixture);
    expect(fixture.sdk.devices).toHaveLength(2);
    fixture.phone.stop();
  });

  test("a call that closes without an event ends, and its busy Device is replaced", async () => {
    const fixture = await startPhone();
    const call = await dial(fixture);
    call.answer();
    call.state = "closed";
    await vi.advanceTimersByTimeAsync(1_100);
    expect(fixture.phone.state).toBe("completed");
    await dial(fixture);
    expect(fixture.sdk.devices).toHaveLength(2);
    fixture.phone.stop();
  });

  test.each([
    ["its record, which ends late", [{ call: { status: "in-progress" } }, { call: { status: "failed" } }], "failed"],
    ["failed if its record does not end", [{ call: { status: "in-progress" } }], "failed"],
    ["its record, which says completed", [{ call: { status: "completed" } }], "completed"],
    ["completed if the server does not answer", [new TypeError("Failed to fetch")], "completed"],
  ])("an answered call whose connection is lost ends as %s", async (_, status, expected) => {
    const fixture = await startPhone({ answers: { status } });
    const call = await dial(fixture);
    call.answer();
    await vi.advanceTimersByTimeAsync(2_000);
    call.end({ code: 31005 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(fixture.phone.state).toBe(expected);
    const [end, ...others] = fixture.payloadsOf("callEnded");
    expect(end).toMatchObject({ status: expected, duration: 2 });
    expect(others).toEqual([]);
    expect(fixture.payloadsOf("error").map(({ code }) => code)).toEqual(expected === "failed" ? ["call_failed"] : []);
    fixture.phone.stop();
  });

  test("a connection that was restored does not count as lost", async () => {
    const fixture = await startPhone({ answers: { status: [{ call: { status: "in-progress" } }] } });
    const call = await dial(fixture);
    call.answer();
    call.emit("reconnecting", { code: 53405 });
    call.emit("error", { code: 53405 });
    call.emit("reconnected");
    call.end();
    await settle();
    expect(fixture.payloadsOf("callEnded")[0]).toMatchObject({ status: "completed" });
    fixture.phone.stop();
  });

  test("a person who hangs up need not wait for the record of a lost connection", async () => {
    const fixture = await startPhone({ answers: { status: [{ call: { status: "in-progress" } }] } });
    const call = await dial(fixture);
    call.answer();
    call.end({ code: 31005 });
    expect(fixture.phone).toMatchObject({ state: "in-progress", isReconnecting: true });
    fixture.phone.hangup();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(fixture.payloadsOf("callEnded").map(({ status }) => status)).toEqual(["completed"]);
    fixture.phone.stop();
  });

  test("the server's number takes the place of another reading from the answer on", async () => {
    const number = "+14155552671";
    const fixture = await startPhone({ answers: { status: [{ call: { status: "ringing", number } }] } });
    const call = await dial(fixture);
    expect(fixture.phone.call.number).toBe(NUMBER);
    call.answer();
    await settle();
    expect(fixture.server.requests.at(-1).body).toMatchObject({ wait: false });
    expect(fixture.payloadsOf("callAnswered")).toMatchObject([{ number }]);
    expect(fixture.phone.call.number).toBe(number);
    call.end();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(fixture.payloadsOf("callEnded")).toMatchObject([{ number }]);
    fixture.phone.stop();
  });

  test("the answer waits 0.3 s for a server that does not answer", async () => {
    const fixture = await startPhone();
    const call = await dial(fixture);
    fixture.env.fetch = () => new Promise(() => {});
    call.answer();
    await settle();
    expect(fixture.phone.state).toBe("ringing");
    await vi.advanceTimersByTimeAsync(300);
    expect(fixture.phone.state).toBe("in-progress");
    fixture.phone.stop();
  });

  test.each([
    ["(415) 555-2671 or (212) 555-0101", ["+14155552671", "+12125550101"]],
    ["442079460958", ["+442079460958"]],
  ])("%s is asked about, with the options of the call", async (text, numbers) => {
    const { phone, payloadsOf } = await startPhone();
    expect(phone.dial(text, { name: "Ada" })).toBe(false);
    expect(payloadsOf("error")).toMatchObject([{ code: "ambiguous_number" }]);
    expect(phone.state).toBe("ready");
    const { candidates, options } = phone.dialError.details;
    expect([candidates.map(({ number }) => number), options]).toEqual([numbers, { name: "Ada" }]);
    phone.stop();
  });

  test("a denied microphone fails the call with its own sentence", async () => {
    const fixture = await startPhone();
    fixture.env.navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", "NotAllowedError"));
    await dial(fixture);
    const [device] = fixture.sdk.devices;
    await device.options.getUserMedia({ audio: true }).catch(() => {});
    expect(fixture.phone.state).toBe("failed");
    expect(fixture.payloadsOf("error")[0]).toEqual({
      message: "Microphone access was denied",
      code: "microphone_denied",
      help: fixes.microphone_denied,
    });
    fixture.phone.stop();
  });

  test("releases the microphone after a call", async () => {
    const fixture = await startPhone();
    const track = { stop: vi.fn() };
    fixture.env.navigator.mediaDevices.getUserMedia = async () => ({ getTracks: () => [track] });
    const call = await dial(fixture);
    const [device] = fixture.sdk.devices;
    await device.options.getUserMedia({ audio: true });
    device.audio.inputDevice = { deviceId: "default" };
    call.answer();
    call.end();
    await settle();
    expect(track.stop).toHaveBeenCalled();
    expect(device.audio.unsetInputDevice).toHaveBeenCalled();
    fixture.phone.stop();
  });

  test("a new token is used during a live call of the same identity, after the call for another identity", async () => {
    const fixture = await startPhone();
    const call = await dial(fixture);
    call.answer();
    const [device] = fixture.sdk.devices;
    fixture.server.lists.exchange = [
      { ...EXCHANGE_RESPONSE, access_token: "jwt-2" },
      { ...EXCHANGE_RESPONSE, access_token: "jwt-3", identity: "w_2" },
    ];
    await vi.advanceTimersByTimeAsync(2_881_000);
    expect(device.tokens).toEqual(["jwt-1", "jwt-2"]);
    await vi.advanceTimersByTimeAsync(2_881_000);
    expect(device.tokens).toEqual(["jwt-1", "jwt-2"]);
    call.end();
    await settle();
    await dial(fixture);
    expect(device.tokens).toEqual(["jwt-1", "jwt-2", "jwt-3"]);
    fixture.phone.stop();
  });

  test("a token revoked during a call is an error after the call", async () => {
    const fixture = await startPhone();
    const call = await dial(fixture);
    call.answer();
    fixture.server.lists.status = [refusal(401, "revoked_embed_token", "Invalid or revoked token", "Ask an admin.")];
    await vi.advanceTimersByTimeAsync(301_000);
    expect(fixture.phone.state).toBe("in-progress");
    fixture.phone.hangup();
    expect(fixture.phone.state).toBe("error");
    expect(fixture.payloadsOf("error")).toEqual([
      { message: "Invalid or revoked token", code: "revoked_embed_token", help: "Ask an admin." },
    ]);
    expect(fixture.sdk.devices[0].state).toBe("destroyed");
    expect(fixture.phone.dial(NUMBER)).toBe(false);
    fixture.phone.stop();
  });

  test("mutes only in a call and emits muted", async () => {
    const fixture = await startPhone();
    fixture.phone.mute(true);
    expect(fixture.payloadsOf("muted")).toEqual([]);
    const call = await dial(fixture);
    fixture.phone.mute(true);
    fixture.phone.mute(true);
    expect(call.muted).toBe(true);
    expect(fixture.payloadsOf("muted")).toEqual([{ muted: true }]);
    fixture.phone.hangup();
    expect(fixture.phone.isMuted).toBe(false);
    fixture.phone.stop();
  });

  test("builds a silent Device for the sandbox, without insights traffic", async () => {
    const fixture = await startPhone();
    await dial(fixture);
    expect(fixture.sdk.devices[0].options).toMatchObject({
      chunderw: "localhost-9000.sandbox.invalid",
      codecPreferences: ["opus", "pcmu"],
      enableImprovedSignalingErrorPrecision: true,
      logLevel: "silent",
      maxCallSignalingTimeoutMs: 30_000,
      publishEvents: false,
    });
    fixture.phone.stop();
  });

  test("gives the Device the carrier's edges in their order, and none unless the exchange names some", async () => {
    const edges = ["dublin", "frankfurt"];
    const fixture = await startPhone({ answers: { exchange: [{ ...EXCHANGE_RESPONSE, signaling: null, edges }] } });
    await dial(fixture);
    expect(fixture.sdk.devices[0].options).toMatchObject({ edge: edges, publishEvents: true });
    expect(fixture.sdk.devices[0].options).not.toHaveProperty("chunderw");
    fixture.phone.stop();
    const otherFixture = await startPhone({ answers: { exchange: [{ ...EXCHANGE_RESPONSE, signaling: null }] } });
    await dial(otherFixture);
    expect(otherFixture.sdk.devices[0].options).not.toHaveProperty("edge");
    otherFixture.phone.stop();
  });

  test("emits nothing after stop, and can be started again", async () => {
    const fixture = await startPhone();
    await dial(fixture);
    fixture.phone.stop();
    expect(fixture.phone.state).toBe("loading");
    expect(fixture.payloadsOf("callEnded")).toHaveLength(1);
    const before = fixture.emitted.length;
    await vi.advanceTimersByTimeAsync(4_000_000);
    expect(fixture.emitted).toHaveLength(before);
  });
});
