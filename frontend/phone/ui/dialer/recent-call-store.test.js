/** Checks the recent calls that are stored in the tab or come from the server. */
import { describe, expect, test } from "vitest";
import { RecentCallStore } from "./recent-call-store.js";
import { EXCHANGE_RESPONSE } from "../../../tests/support/fakes.js";

const OTHER_TOKEN = { ...EXCHANGE_RESPONSE, identity: `w_${"f".repeat(32)}_0123456789abcdef` };

function fakeStorage() {
  const items = new Map();
  return {
    items,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, text) => items.set(key, text),
    removeItem: (key) => items.delete(key),
  };
}

function openStore(sessionStorage, exchangeResponse = EXCHANGE_RESPONSE) {
  const store = new RecentCallStore({ window: { sessionStorage }, now: () => Date.parse("2026-11-29T12:00:00Z") });
  store.open(exchangeResponse);
  return store;
}

const callOf = (callId, more) => ({
  callId,
  number: "+12125550123",
  startedAt: "2026-11-29T10:00:00.000Z",
  metadata: { secret: "of the page" },
  from: "+14155550100",
  ended: null,
  ...more,
});
const ENDED = { status: "busy", duration: 0, message: "Busy" };

describe("RecentCallStore", () => {
  test("has the calls of earlier pages of the tab, and how they ended", () => {
    const storage = fakeStorage();
    const store = openStore(storage);
    expect(store.add(callOf("1", { name: "Grace" }))).toBe(true);
    expect(store.add(callOf("1", { name: "Grace" }))).toBe(false);
    expect(openStore(storage).calls).toMatchObject([{ callId: "1", name: "Grace" }]);
    expect(store.add(callOf("1", { name: "Grace", ended: ENDED }))).toBe(true);
    expect(openStore(storage).calls).toMatchObject([{ callId: "1", status: "busy", duration: 0 }]);
    expect([...storage.items.values()].join()).not.toMatch(/secret|14155550100/);
  });

  test("keeps each token's calls apart", () => {
    const storage = fakeStorage();
    openStore(storage).add(callOf("1"));
    expect(openStore(storage, OTHER_TOKEN).calls).toEqual([]);
  });

  test("keeps the newest 20", () => {
    const storage = fakeStorage();
    const store = openStore(storage);
    for (let count = 1; count <= 25; count += 1) store.add(callOf(String(count), { ended: ENDED }));
    expect(openStore(storage).calls.map(({ callId }) => callId)).toEqual(
      Array.from({ length: 20 }, (_, index) => String(25 - index)),
    );
  });

  test("forgets all calls, of the storage too", () => {
    const storage = fakeStorage();
    const store = openStore(storage);
    store.add(callOf("1"));
    store.clear();
    expect([store.calls, openStore(storage).calls]).toEqual([[], []]);
    expect([...storage.items.keys()]).toEqual([]);
  });

  test("shows the server's calls between this tab's, without storing them", () => {
    const storage = fakeStorage();
    const store = openStore(storage);
    store.add(callOf("2", { ended: ENDED }));
    const earlier = { ...callOf("1"), startedAt: "2026-11-28T10:00:00Z", status: "completed", duration: 9 };
    store.addFromServer([{ ...callOf("2") }, earlier, { number: 1 }]);
    expect(store.calls.map(({ callId, status }) => [callId, status])).toEqual([
      ["2", "busy"],
      ["1", "completed"],
    ]);
    store.add(callOf("3"));
    expect(openStore(storage).calls.map(({ callId }) => callId)).toEqual(["3", "2"]);
    store.clear();
    // The next page gets them from the server again.
    const next = openStore(storage);
    next.addFromServer([earlier]);
    expect(next.calls).toEqual([]);
  });

  test("does not show a call that began in the second in which the list was cleared", () => {
    const storage = fakeStorage();
    const store = openStore(storage);
    // The server's times have whole seconds.
    const call = { ...callOf("1"), startedAt: "2026-11-29T12:00:00Z", status: "completed" };
    store.addFromServer([call]);
    store.clear();
    store.addFromServer([call]);
    expect(store.calls).toEqual([]);
  });

  test("keeps the calls of this page where nothing can be stored", () => {
    const store = openStore(undefined);
    store.add(callOf("1"));
    expect(store.calls).toHaveLength(1);
    expect(openStore(undefined).calls).toEqual([]);
  });

  test.each([
    "{",
    "null",
    "{}",
    '{"calls": [null, 1, {"number": 1}, {"number": "+1", "callId": "1", "startedAt": "soon"}]}',
  ])("reads %s, which something else wrote, as no calls", (text) => {
    const storage = fakeStorage();
    storage.getItem = () => text;
    expect(openStore(storage).calls).toEqual([]);
  });
});
