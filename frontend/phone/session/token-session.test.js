import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { TokenSession } from "./token-session.js";
import { GRANTED, page, refused, server, settle } from "../../tests/support/page.js";

const REVOKED = refused(401, "revoked_embed_token", "Invalid or revoked token");
const DOWN = refused(503, "service_unavailable", "Service temporarily unavailable");

function begin(answers, config = {}) {
  const host = server(answers);
  const env = page({ fetch: host.fetch });
  const granted = vi.fn();
  const refusedWith = [];
  const network = vi.fn();
  const listener = {
    onToken: granted,
    onNetworkChange: network,
    onError: ({ code, message }) => refusedWith.push({ code, message }),
  };
  const session = new TokenSession({ token: "ept_x", base: "https://voice.example", ...config }, env, listener);
  session.start();
  return { session, host, env, granted, network, refusedWith };
}

describe("the session", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  test("exchanges the token in a simple request without credentials", async () => {
    const { host, granted, session } = begin();
    await settle();
    const [url, request] = host.fetch.mock.calls[0];
    expect(url).toBe("https://voice.example/widget/exchange");
    expect(request).toMatchObject({ method: "POST", credentials: "omit", cache: "no-store" });
    expect(request.headers["Content-Type"]).toMatch(/^text\/plain/);
    expect(host.asked[0].body).toEqual({ token: "ept_x" });
    expect(granted).toHaveBeenCalledOnce();
    session.stop();
  });

  test("passes the ticket it was given, then the newest one", async () => {
    const { host, session } = begin({ exchange: [{ ...GRANTED, ticket: "ticket-2" }] }, { ticket: "ticket-1" });
    await settle();
    await session.refresh();
    expect(host.asked.map(({ body }) => body.ticket)).toEqual(["ticket-1", "ticket-2"]);
    session.stop();
  });

  test("refreshes at 80 % of the token's life, and again", async () => {
    const { host, session } = begin();
    await settle();
    await vi.advanceTimersByTimeAsync(2_878_000);
    expect(host.count("exchange")).toBe(1);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(host.count("exchange")).toBe(2);
    await vi.advanceTimersByTimeAsync(2_880_000);
    expect(host.count("exchange")).toBe(3);
    session.stop();
  });

  test.each(["focus", "online", "pageshow"])("refreshes on %s when the timer slept", async (event) => {
    const { host, env, session } = begin();
    await settle();
    vi.setSystemTime(Date.now() + 3_000_000);
    env.window.dispatchEvent(new Event(event));
    await settle();
    expect(host.count("exchange")).toBe(2);
    session.stop();
  });

  test("asks whether the token lives on focus and every five visible minutes", async () => {
    const { host, env, session } = begin();
    await settle();
    env.window.dispatchEvent(new Event("focus"));
    await settle();
    expect(host.count("status")).toBe(0);
    await vi.advanceTimersByTimeAsync(10_000);
    env.window.dispatchEvent(new Event("focus"));
    await settle();
    expect(host.count("status")).toBe(1);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(host.count("status")).toBe(2);
    env.document.visibilityState = "hidden";
    await vi.advanceTimersByTimeAsync(600_000);
    expect(host.count("status")).toBe(2);
    session.stop();
  });

  test("checks before a call only what is older than a minute", async () => {
    const { host, session } = begin();
    await settle();
    await session.ensureUsable();
    expect(host.count("status")).toBe(0);
    await vi.advanceTimersByTimeAsync(61_000);
    await session.ensureUsable();
    expect(host.count("status")).toBe(1);
    session.stop();
  });

  test("refuses a call when the token was revoked meanwhile", async () => {
    const { session, refusedWith } = begin({ status: [REVOKED] });
    await settle();
    await vi.advanceTimersByTimeAsync(61_000);
    await expect(session.ensureUsable()).rejects.toMatchObject({ code: "revoked_embed_token" });
    expect(refusedWith).toEqual([{ code: "revoked_embed_token", message: "Invalid or revoked token" }]);
    expect(session.isValid).toBe(false);
  });

  test("gives up at once when the server says no", async () => {
    const { host, refusedWith } = begin({ exchange: [refused(403, "domain_not_allowed", "Domain not allowed")] });
    await settle();
    expect(refusedWith).toEqual([{ code: "domain_not_allowed", message: "Domain not allowed" }]);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(host.count("exchange")).toBe(1);
  });

  test("tries a passing failure twice more before it tells, then recovers by itself", async () => {
    const { host, granted, refusedWith, session } = begin({ exchange: [DOWN, DOWN, DOWN, GRANTED] });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(refusedWith).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(refusedWith).toEqual([{ code: "service_unavailable", message: "Service temporarily unavailable" }]);
    expect(host.count("exchange")).toBe(3);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(granted).toHaveBeenCalledOnce();
    session.stop();
  });

  test("keeps quiet about a failed refresh while the token lives, and tells when it does not", async () => {
    const { refusedWith, host, session } = begin();
    await settle();
    host.lists.exchange = [new TypeError("Failed to fetch")];
    await vi.advanceTimersByTimeAsync(3_500_000);
    expect(refusedWith).toEqual([]);
    await vi.advanceTimersByTimeAsync(200_000);
    expect(refusedWith[0].code).toBe("network_error");
    session.stop();
  });

  test("says at once that it is offline, and is back with the network", async () => {
    const { host, env, session, network, granted, refusedWith } = begin({ exchange: [GRANTED] });
    await settle();
    env.navigator.onLine = false;
    env.window.dispatchEvent(new Event("offline"));
    expect(network).toHaveBeenCalledOnce();
    host.lists.exchange = [new TypeError("Failed to fetch")];
    session.account = null;
    await expect(session.refresh()).rejects.toMatchObject({ code: "offline" });
    expect(refusedWith.map(({ code }) => code)).toEqual(["offline"]);
    env.navigator.onLine = true;
    host.lists.exchange = [GRANTED];
    env.window.dispatchEvent(new Event("online"));
    await settle();
    expect(granted).toHaveBeenCalledTimes(2);
    session.stop();
  });

  test("refreshes within a minute of waking when nothing but the clock tells that the machine slept", async () => {
    const { host, session } = begin();
    await settle();
    vi.setSystemTime(Date.now() + 7_200_000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(host.count("exchange")).toBe(2);
    session.stop();
  });

  test("an answer without a token is no answer", async () => {
    const { refusedWith, session } = begin({ exchange: [{ hello: "world" }] });
    await vi.advanceTimersByTimeAsync(3_000);
    expect(refusedWith[0].code).toBe("service_unavailable");
    session.stop();
  });

  test("callers at the same time share one exchange", async () => {
    const { host, session } = begin();
    await Promise.all([session.refresh(), session.refresh()]);
    expect(host.count("exchange")).toBe(1);
    session.stop();
  });

  test("does nothing any more once stopped", async () => {
    const { host, env, session } = begin();
    await settle();
    session.stop();
    env.window.dispatchEvent(new Event("focus"));
    await vi.advanceTimersByTimeAsync(4_000_000);
    expect(host.asked).toHaveLength(1);
  });
});
