/**
 * Checks that the panel works at each moment while the parts of the dialer's chunk are added to it, one task after the
 * other.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import "../../tests/support/jsdom-styles.js";
import { EXCHANGE_RESPONSE, fakeEnvironment, fakeSdk, fakeServer, settle } from "../../tests/support/fakes.js";
import { EmbeddedPhone } from "../api.js";
import { sharedName } from "../session/shared-name.js";

const NUMBER = "+12125550123";
const RECENT = { callId: "1", number: "+14155552671", startedAt: "2026-11-29T10:00:00.000Z", status: "completed" };
const RECENT_ABROAD = { ...RECENT, callId: "2", number: "+442079460018" };
/** More tasks than the dialler takes. */
const TASKS = 10;
const EVERY_TASK = Array.from({ length: TASKS }, (_, task) => task);

let embedded;
let env;
let deliver;
let hadErrors;

/** An open panel; the chunk whose address contains `late` waits for `deliver()`. */
async function openPanel(settings = {}, late = "/dialer-") {
  const fake = fakeEnvironment({ fetch: fakeServer().fetch, sdk: fakeSdk() });
  const { importModule } = fake;
  const delivered = new Promise((resolve) => {
    deliver = resolve;
  });
  fake.importModule = async (url) => {
    if (url.includes(late)) await delivered;
    return importModule(url);
  };
  env = { ...fake, document };
  env.window.MutationObserver = window.MutationObserver;
  env.window.matchMedia = () => ({ matches: false, addEventListener() {}, removeEventListener() {} });
  const key = `${sharedName(EXCHANGE_RESPONSE)}:recent`;
  const stored = JSON.stringify({ calls: [RECENT, RECENT_ABROAD], clearedAt: "" });
  env.window.sessionStorage = { getItem: (name) => (name === key ? stored : null), setItem() {}, removeItem() {} };
  embedded = new EmbeddedPhone(null, env);
  embedded.api.init({ token: "ept_x", apiBase: "https://voice.example", ...settings });
  await settle();
  embedded.api.open();
  await settle();
  await settle();
}

/** One task of the dialler passes. The fake timers begin one that a task begins a millisecond later. */
const passTask = (isFirst) => vi.advanceTimersByTimeAsync(isFirst ? 0 : 1);

/** Deliver the dialler's chunk, and let so many tasks pass. */
async function passTasks(count) {
  deliver();
  for (let task = 0; task < count; task += 1) await passTask(task === 0);
}

const find = (selector) => document.querySelector("epoch-phone").shadowRoot.querySelector(selector);
const field = () => find("#number");
const reading = () => find("#reading").textContent;
const recent = () => find(".recent:not([part=choice])")?.textContent ?? "";
const offered = () => find("[part=choice]");
const pressCall = () => find(".main").click();
const type = (text) => {
  field().value += text;
  field().dispatchEvent(new InputEvent("input", { data: text, inputType: "insertText", bubbles: true }));
};
/** As browsers paste into a field of one line. */
const paste = (text) => {
  const event = new Event("paste", { cancelable: true, bubbles: true });
  if (field().dispatchEvent(Object.assign(event, { clipboardData: { getData: () => text } }))) {
    type(text.replace(/\s/g, " "));
  }
};

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "warn").mockImplementation(() => {});
  hadErrors = vi.spyOn(console, "error");
});
afterEach(() => {
  embedded.api.destroy();
  document.body.replaceChildren();
  expect(hadErrors).not.toHaveBeenCalled();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("the dialler comes in several tasks: the reading, the names of countries, the recent calls", async () => {
  await openPanel();
  type("2125550123");
  const seen = [];
  deliver();
  for (let task = 0; task < TASKS; task += 1) {
    await passTask(task === 0);
    const now = [reading(), recent().includes("415-555-2671")];
    if (String(now) !== String(seen.at(-1))) seen.push(now);
  }
  expect(seen).toEqual([
    ["", false],
    ["+1 212-555-0123 ", false],
    ["+1 212-555-0123 United States", true],
  ]);
});

test("numbers of a call before the rules of all countries have come are offered with their country", async () => {
  await openPanel({}, "/phone-numbers-");
  embedded.api.call(`${NUMBER} or (415) 555-2671`);
  for (let task = 0; task < TASKS; task += 1) await passTask(task === 0);
  expect(offered().textContent).toBe("+1 212-555-0123 ");
  await passTasks(TASKS);
  expect(offered().textContent).toBe("+1 212-555-0123 United States");
});

describe.each(EVERY_TASK)("%i tasks after the dialler's chunk has come", (task) => {
  test("what a person types is read and called", async () => {
    await openPanel();
    type("21");
    await passTasks(task);
    type("25550");
    find(".panel").dispatchEvent(new KeyboardEvent("keydown", { key: "1", bubbles: true, composed: true }));
    find(".key:nth-child(2)").click();
    await passTasks(TASKS);
    type("3");
    expect([field().value, reading()]).toEqual(["(212) 555-0123", "+1 212-555-0123 United States"]);
    pressCall();
    expect(embedded.api.getCall()?.number).toBe(NUMBER);
  });

  test.each([
    ["2026-11-28 14", "+12026112814"],
    ["Ada\t(415) 555-2671\n2026-11-28", "+14155552671"],
  ])("the pasted text %j is asked about and not called", async (text, number) => {
    await openPanel();
    await passTasks(task);
    paste(text);
    await passTasks(TASKS);
    pressCall();
    expect([embedded.api.getCall(), embedded.phone.dialError?.code]).toEqual([null, "ambiguous_number"]);
    offered().click();
    pressCall();
    expect(embedded.api.getCall()?.number).toBe(number);
  });

  test("a pasted number is called by a press at once", async () => {
    await openPanel();
    await passTasks(task);
    paste("(212) 555-0123");
    pressCall();
    expect(embedded.api.getCall()?.number).toBe(NUMBER);
    await passTasks(TASKS);
    expect([embedded.api.getCall()?.number, find(".peer .number").textContent]).toEqual([NUMBER, "+1 212-555-0123"]);
  });

  test("the page's call() begins the call, and the dialler is whole after it", async () => {
    await openPanel();
    await passTasks(task);
    expect(embedded.api.call(NUMBER, { name: "Grace" })).toBe(true);
    await passTasks(TASKS);
    expect(embedded.api.getCall()).toMatchObject({ number: NUMBER, name: "Grace" });
    embedded.api.close();
    expect(find(".bar").hidden).toBe(false);
    embedded.api.hangup();
    embedded.api.reset();
    embedded.api.open();
    expect(recent()).toContain("Grace");
  });

  test("a number that the page proposes waits for Call with its person", async () => {
    await openPanel({ dialpad: "off" });
    await passTasks(task);
    embedded.propose(NUMBER, { name: "Grace" });
    await passTasks(TASKS);
    expect([find(".person").textContent, embedded.api.getCall()]).toEqual(["Grace", null]);
    pressCall();
    expect(embedded.api.getCall()).toMatchObject({ number: NUMBER, name: "Grace" });
  });

  test("a change of the language keeps the text and formats it once", async () => {
    await openPanel();
    type("212555");
    await passTasks(task);
    embedded.api.update({ locale: "es" });
    await passTasks(TASKS);
    paste("0123");
    expect([field().value, reading()]).toEqual(["(212) 555-0123", "+1 212-555-0123 Estados Unidos"]);
    expect(recent()).toContain("415-555-2671");
  });

  test("a panel that was closed opens again with its dialler", async () => {
    await openPanel();
    await passTasks(task);
    embedded.api.close();
    await passTasks(1);
    embedded.api.open();
    await passTasks(TASKS);
    type("2125550123");
    expect([field().value, recent().includes("415-555-2671")]).toEqual(["(212) 555-0123", true]);
  });

  test("a phone that is destroyed loads nothing and changes nothing", async () => {
    await openPanel();
    await passTasks(task);
    const removed = find(".root");
    embedded.api.destroy();
    const { outerHTML } = removed;
    const { length } = env.requestedUrls;
    const timers = vi.getTimerCount();
    await passTasks(TASKS);
    expect(env.requestedUrls.slice(length)).toEqual([]);
    expect([removed.outerHTML, vi.getTimerCount() <= timers]).toEqual([outerHTML, true]);
    embedded.api.init({ token: "ept_x" });
    embedded.api.open();
    await passTasks(TASKS);
    type("2125550123");
    expect([field().value, reading()]).toEqual(["(212) 555-0123", "+1 212-555-0123 United States"]);
  });
});

test("the buttons of recent calls and of offered numbers stay while formats and names come", async () => {
  await openPanel();
  embedded.api.call("+442079460018 212 555 0123");
  const buttons = () => [...find(".panel").querySelectorAll(".recent")];
  const seen = new Set();
  deliver();
  for (let task = 0; task < TASKS; task += 1) {
    await passTask(task === 0);
    for (const button of buttons()) seen.add(button);
  }
  expect(buttons()).toEqual([...seen]);
  expect(buttons().map(({ textContent }) => textContent)).toEqual([
    "+44 20 7946 0018 United Kingdom",
    "+1 212-555-0123 United States",
    expect.stringContaining("+1 415-555-2671"),
    expect.stringContaining("+44 20 7946 0018"),
  ]);
});

test("Call with an empty field shows the last number, also before the dialler's first update", async () => {
  await openPanel();
  await passTasks(1);
  expect(field().getAttribute("aria-describedby")).toContain("reading");
  pressCall();
  expect(field().value).toBe("+1 415-555-2671");
});

test("a number that was proposed before a change of the language, and before the chunk, keeps its person", async () => {
  await openPanel({ dialpad: "off" });
  embedded.propose(NUMBER, { name: "Grace" });
  embedded.api.update({ locale: "es" });
  await settle();
  await passTasks(TASKS);
  pressCall();
  expect(embedded.api.getCall()).toMatchObject({ number: NUMBER, name: "Grace" });
});

test("a number that is offered again is called for the second call's person", async () => {
  await openPanel();
  await passTasks(TASKS);
  for (const name of ["Ada", "Grace"]) embedded.api.call("415 555 2671 212 555 0123", { name });
  offered().click();
  pressCall();
  expect(embedded.api.getCall()).toMatchObject({ number: "+14155552671", name: "Grace" });
});
