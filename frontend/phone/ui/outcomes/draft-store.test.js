/** Checks the stored drafts of outcomes and notes that were not sent. */
import { beforeEach, expect, test } from "vitest";
import { DraftStore } from "./draft-store.js";

const DAY_MS = 86_400_000;
const EXCHANGE_RESPONSE = { identity: "w_11111111111111111111111111111111_2222222222222222" };
const OTHER_RESPONSE = { identity: "w_33333333333333333333333333333333_2222222222222222" };
const draft = (callId, given = {}) => ({
  ...{ callId, number: "+12125550101", endedAt: DAY_MS, outcome: "", note: "words" },
  ...given,
});

function storeAt(now, exchangeResponse = EXCHANGE_RESPONSE) {
  const store = new DraftStore({ now: () => now, window });
  store.open(exchangeResponse);
  return store;
}

const idsIn = ({ drafts }) => drafts.map(({ callId }) => callId);

beforeEach(() => sessionStorage.clear());

test("drafts are kept for the next pages of the tab, for a day, and for their token only", () => {
  const store = storeAt(DAY_MS);
  store.add(draft("old", { endedAt: 1 }));
  store.add(draft("new"));
  expect(idsIn(storeAt(DAY_MS))).toEqual(["new", "old"]);
  expect(idsIn(storeAt(DAY_MS + 2))).toEqual(["new"]);
  expect(idsIn(storeAt(2 * DAY_MS))).toEqual([]);
  expect(idsIn(storeAt(DAY_MS, OTHER_RESPONSE))).toEqual([]);
});

test("a sent draft is removed, and so is one without outcome and note that was not put off", () => {
  const store = storeAt(DAY_MS);
  const sent = draft("sent");
  store.add(sent);
  store.add(draft("empty", { note: "" }));
  store.add(draft("later", { note: "", isPutOff: true }));
  store.removeUntouched();
  expect(idsIn(store)).toEqual(["later", "sent"]);
  store.remove(sent);
  store.remove(store.drafts[0]);
  expect(sessionStorage.length).toBe(0);
});

test("invalid values in the storage are ignored", () => {
  const key = "epochphone:11111111111111111111111111111111:outcomes";
  for (const stored of [
    "{",
    '{"a":1}',
    '[{"callId":1}]',
    '[null, {"callId":"x","number":"1","outcome":"","note":7}]',
  ]) {
    sessionStorage.setItem(key, stored);
    expect(storeAt(DAY_MS).drafts, stored).toEqual([]);
  }
});
