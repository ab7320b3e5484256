/** Checks the voicemail drop, by the panel's button and by a page's script. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import "../../tests/support/jsdom-styles.js";
import { fakeEnvironment, fakeSdk, fakeServer, refusal, settle } from "../../tests/support/fakes.js";
import { EmbeddedPhone } from "../api.js";

const NUMBER = "+12125550107";
const GREETINGS = [
  { id: "g-1", name: "Mine", seconds: 9, shared: false },
  { id: "g-2", name: "For all", seconds: 8, shared: true },
];
const DROPPED = { ok: true };

let embedded;
let server;
let sdk;
let errors;

/** A page with an open panel, whose server answers with `answers`. */
async function startPhone(answers) {
  server = fakeServer({ "voicemail-greetings": [{ greetings: GREETINGS }], "voicemail-drop": [DROPPED], ...answers });
  sdk = fakeSdk();
  const env = { ...fakeEnvironment({ fetch: server.fetch, sdk }), document };
  env.window.MutationObserver = window.MutationObserver;
  env.window.matchMedia = () => ({ matches: false, addEventListener() {}, removeEventListener() {} });
  env.window.sessionStorage = { getItem: () => null, setItem() {}, removeItem() {} };
  embedded = new EmbeddedPhone(null, env);
  errors = [];
  embedded.api.on("error", (error) => errors.push(error));
  embedded.api.init({ token: "ept_x", apiBase: "https://voice.example" });
  await settle();
  embedded.api.open();
  await vi.advanceTimersByTimeAsync(50);
}

/** Place a call that is answered; its id. */
async function connect() {
  expect(embedded.api.call(NUMBER)).toBe(true);
  await vi.advanceTimersByTimeAsync(50);
  sdk.devices[0].call.answer();
  await vi.advanceTimersByTimeAsync(50);
  return embedded.api.getCall().callId;
}

const find = (selector) => document.querySelector("epoch-phone").shadowRoot.querySelector(selector);
const isOffered = () => Boolean(find(".leave")) && !find(".voicemail").hidden;
const sent = (path) => server.requests.filter((request) => request.path === path).map(({ body }) => body);

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "warn").mockReturnValue();
});
afterEach(() => {
  embedded.destroy();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test("one press leaves the first greeting and frees the phone for the next call", async () => {
  await startPhone();
  const callId = await connect();
  expect(sent("voicemail-greetings")).toEqual([{ token: "ept_x", ticket: "ticket-1", call_id: callId }]);
  expect([find(".leave").textContent, find(".voicemail select").value]).toEqual(["Leave voicemail", "g-1"]);
  find(".leave").click();
  find(".leave").click();
  await settle();
  const body = { token: "ept_x", ticket: "ticket-1", call_id: callId, greeting_id: "g-1" };
  expect(sent("voicemail-drop")).toEqual([body]);
  expect([embedded.api.getState(), embedded.api.isReady(), errors]).toEqual(["completed", true, []]);
  expect(find(".voicemail-message").textContent).toBe(
    "The mailbox is recording your greeting. You can place the next call.",
  );

  const next = await connect();
  expect(isOffered()).toBe(true);
  find(".voicemail select").value = "g-2";
  find(".leave").click();
  await settle();
  expect(sent("voicemail-drop")[1]).toMatchObject({ call_id: next, greeting_id: "g-2" });
});

test("a call that the carrier ends before the server answers says that the greeting is left", async () => {
  await startPhone();
  const answer = server.fetch.getMockImplementation();
  server.fetch.mockImplementation(async (url, request) => {
    if (url.endsWith("voicemail-drop")) {
      sdk.devices[0].call.end();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return answer(url, request);
  });
  await connect();
  find(".leave").click();
  await vi.advanceTimersByTimeAsync(200);
  expect(embedded.api.getState()).toBe("completed");
  expect(find(".voicemail-message").textContent).toBe(
    "The mailbox is recording your greeting. You can place the next call.",
  );
});

test("nothing is offered without a greeting, before the answer, or where the list cannot be had", async () => {
  await startPhone({
    "voicemail-greetings": [{ greetings: [] }, refusal(404, "not_found", "Not found"), { greetings: GREETINGS }],
  });
  await connect();
  expect(isOffered()).toBe(false);
  embedded.api.hangup();
  await connect();
  expect([isOffered(), errors]).toEqual([false, []]);
  embedded.api.hangup();
  embedded.api.call(NUMBER);
  await vi.advanceTimersByTimeAsync(50);
  sdk.devices[0].call.emit("ringing", false);
  await settle();
  expect(isOffered()).toBe(false);
  sdk.devices[0].call.answer();
  await vi.advanceTimersByTimeAsync(50);
  expect([isOffered(), sent("voicemail-greetings").length]).toEqual([true, 3]);
  embedded.api.hangup();
  await settle();
  expect(isOffered()).toBe(false);
});

test("a refusal is shown, in the panel's language too, and the call continues", async () => {
  const none = "There is no voicemail greeting yet. Record one in the dashboard under Voicemail, then leave it";
  await startPhone({ "voicemail-drop": [refusal(409, "no_voicemail_greeting", none), DROPPED] });
  const callId = await connect();
  embedded.api.update({ locale: "de" });
  await vi.advanceTimersByTimeAsync(50);
  find(".leave").click();
  await settle();
  expect(find(".voicemail-message").textContent).toBe(
    "Die Nachricht wurde nicht hinterlassen. Es gibt noch keine aufgezeichnete Nachricht für Mailboxen",
  );
  expect(errors).toEqual([
    {
      message: none,
      code: "no_voicemail_greeting",
      help: "An administrator of the account can also record one for everybody.",
    },
  ]);
  expect(embedded.api.getCall().callId).toBe(callId);
  find(".leave").click();
  await vi.advanceTimersByTimeAsync(200);
  expect(embedded.api.getState()).toBe("completed");
});

test("a page drops a greeting by its id or the server's choice, only in a connected call", async () => {
  await startPhone();
  const message = "A greeting can be left only in an outgoing call that is connected";
  const early = embedded.api.dropVoicemail().catch((error) => error);
  await settle();
  expect(await early).toMatchObject({ name: "Problem", code: "call_not_connected", message });
  const help = "Call, wait for the tone of the mailbox, then leave the greeting.";
  expect(errors).toEqual([{ message, code: "call_not_connected", help }]);
  expect(sent("voicemail-drop")).toEqual([]);

  await connect();
  const byChoice = embedded.api.dropVoicemail();
  await settle();
  expect([await byChoice, embedded.api.getState()]).toEqual([undefined, "completed"]);
  await connect();
  const byId = embedded.api.dropVoicemail("g-2");
  await settle();
  await byId;
  expect(sent("voicemail-drop").map(({ greeting_id }) => greeting_id)).toEqual([null, "g-2"]);
});

test("a call that begins before the response continues", async () => {
  await startPhone();
  await connect();
  let answer;
  server.fetch.mockReturnValueOnce(
    new Promise((resolve) => {
      answer = () => resolve(new Response(null, { status: 204 }));
    }),
  );
  const dropped = embedded.api.dropVoicemail();
  await settle();
  embedded.api.hangup();
  expect(embedded.api.call(NUMBER)).toBe(true);
  answer();
  await settle();
  await dropped;
  expect(embedded.api.getCall()).not.toBeNull();
});
