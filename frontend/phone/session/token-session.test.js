/** Checks the exchange of the embed token: refresh, verification, retries, refusals, events of network and focus. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { TokenSession } from "./token-session.js";
import { EXCHANGE_RESPONSE, fakeEnvironment, refusal, fakeServer, settle } from "../../tests/support/fakes.js";

const REVOKED = refusal(401, "revoked_embed_token", "Invalid or revoked token");
const DOWN = refusal(503, "service_unavailable", "Service temporarily unavailable");

function startSession(answers, config = {}) {
  const server = fakeServer(answers);
  const env = fakeEnvironment({ fetch: server.fetch });
  const onToken = vi.fn();
  const errors = [];
  const onNetworkChange = vi.fn();
  const listener = {
    onToken,
    onNetworkChange,
    onError: ({ code, message }) => errors.push({ code, message }),
  };
  const session = new TokenSession({ token: "ept_x", base: "https://voice.example", ...config }, env, listener);
  session.start();
  return { session, server, env, onToken, onNetworkChange, errors };
}

describe("TokenSession", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  test("exchanges the token in a simple request without credentials", async () => {
    const { server, onToken, session } = startSession();
    await settle();
    const [url, request] = server.fetch.mock.calls[0];
    expect(url).toBe("https://voice.example/widget/exchange");
    expect(request).toMatchObject({ method: "POST", credentials: "omit", cache: "no-store" });
    expect(request.headers["Content-Type"]).toMatch(/^text\/plain/);
    expect(server.requests[0].body).toEqual({ token: "ept_x" });
    expect(onToken).toHaveBeenCalledOnce();
    session.stop();
  });

  test("sends its first ticket, then the newest one", async () => {
    const { server, session } = startSession(
      { exchange: [{ ...EXCHANGE_RESPONSE, ticket: "ticket-2" }] },
      { ticket: "ticket-1" },
    );
    await settle();
    await session.refresh();
    expect(server.requests.map(({ body }) => body.ticket)).toEqual(["ticket-1", "ticket-2"]);
    session.stop();
  });

  test("refreshes at 80 % of the token's life, and again", async () => {
    const { server, session } = startSession();
    await settle();
    await vi.advanceTimersByTimeAsync(2_878_000);
    expect(server.count("exchange")).toBe(1);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(server.count("exchange")).toBe(2);
    await vi.advanceTimersByTimeAsync(2_880_000);
    expect(server.count("exchange")).toBe(3);
    session.stop();
  });

  test("spreads the refreshes of phones that were opened together over three minutes", async () => {
    const phones = [0, 0.25, 0.5, 0.75, 0.999].map((luck) => {
      const server = fakeServer();
      const env = { ...fakeEnvironment({ fetch: server.fetch }), random: () => luck };
      const listener = { onToken: vi.fn(), onNetworkChange: vi.fn(), onError: vi.fn() };
      const session = new TokenSession({ token: "ept_x", base: "https://voice.example" }, env, listener);
      session.start();
      return { server, session };
    });
    await settle();
    const hasRefreshed = () => phones.map(({ server }) => server.count("exchange") === 2);
    await vi.advanceTimersByTimeAsync(2_789_000);
    expect(hasRefreshed()).toEqual([false, false, false, false, false]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(hasRefreshed()).toEqual([true, false, false, false, false]);
    for (const refreshed of [2, 3, 4]) {
      await vi.advanceTimersByTimeAsync(45_000);
      expect(hasRefreshed().filter(Boolean)).toHaveLength(refreshed);
    }
    await vi.advanceTimersByTimeAsync(45_000);
    expect(hasRefreshed()).toEqual([true, true, true, true, true]);
    for (const { session } of phones) session.stop();
  });

  test("spreads the tries after a failure, so that pages do not come back together", async () => {
    const triesAfter = async (luck, milliseconds) => {
      const server = fakeServer({ exchange: [DOWN] });
      const env = { ...fakeEnvironment({ fetch: server.fetch }), random: () => luck };
      const listener = { onToken: vi.fn(), onNetworkChange: vi.fn(), onError: vi.fn() };
      const session = new TokenSession({ token: "ept_x", base: "https://voice.example" }, env, listener);
      session.start();
      await vi.advanceTimersByTimeAsync(milliseconds);
      session.stop();
      return server.count("exchange");
    };
    expect([await triesAfter(0, 400), await triesAfter(0.999, 400)]).toEqual([2, 1]);
  });

  test.each(["focus", "online", "pageshow"])("refreshes on %s if the timer slept", async (event) => {
    const { server, env, session } = startSession();
    await settle();
    vi.setSystemTime(Date.now() + 3_000_000);
    env.window.dispatchEvent(new Event(event));
    await settle();
    expect(server.count("exchange")).toBe(2);
    session.stop();
  });

  test("verifies the token on focus, and every five minutes while the page is visible", async () => {
    const { server, env, session } = startSession();
    await settle();
    env.window.dispatchEvent(new Event("focus"));
    await settle();
    expect(server.count("status")).toBe(0);
    await vi.advanceTimersByTimeAsync(10_000);
    env.window.dispatchEvent(new Event("focus"));
    await settle();
    expect(server.count("status")).toBe(1);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(server.count("status")).toBe(2);
    env.document.visibilityState = "hidden";
    await vi.advanceTimersByTimeAsync(600_000);
    expect(server.count("status")).toBe(2);
    session.stop();
  });

  test("verifies before a call if the last verification is older than a minute", async () => {
    const { server, session } = startSession();
    await settle();
    await session.ensureUsable();
    expect(server.count("status")).toBe(0);
    await vi.advanceTimersByTimeAsync(61_000);
    await session.ensureUsable();
    expect(server.count("status")).toBe(1);
    session.stop();
  });

  test("refuses a call if the token was revoked", async () => {
    const { session, errors } = startSession({ status: [REVOKED] });
    await settle();
    await vi.advanceTimersByTimeAsync(61_000);
    await expect(session.ensureUsable()).rejects.toMatchObject({ code: "revoked_embed_token" });
    expect(errors).toEqual([{ code: "revoked_embed_token", message: "Invalid or revoked token" }]);
    expect(session.isValid).toBe(false);
  });

  test("gives up at once when the server refuses", async () => {
    const { server, errors } = startSession({ exchange: [refusal(403, "domain_not_allowed", "Domain not allowed")] });
    await settle();
    expect(errors).toEqual([{ code: "domain_not_allowed", message: "Domain not allowed" }]);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(server.count("exchange")).toBe(1);
  });

  test("retries a transient failure twice before it reports it, then recovers by itself", async () => {
    const { server, onToken, errors, session } = startSession({ exchange: [DOWN, DOWN, DOWN, EXCHANGE_RESPONSE] });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(errors).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(errors).toEqual([{ code: "service_unavailable", message: "Service temporarily unavailable" }]);
    expect(server.count("exchange")).toBe(3);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(onToken).toHaveBeenCalledOnce();
    session.stop();
  });

  test("reports a failed refresh only after the token has expired", async () => {
    const { errors, server, session } = startSession();
    await settle();
    server.lists.exchange = [new TypeError("Failed to fetch")];
    await vi.advanceTimersByTimeAsync(3_500_000);
    expect(errors).toEqual([]);
    await vi.advanceTimersByTimeAsync(200_000);
    expect(errors[0].code).toBe("network_error");
    session.stop();
  });

  test("reports offline at once, and recovers when the network is back", async () => {
    const { server, env, session, onNetworkChange, onToken, errors } = startSession({ exchange: [EXCHANGE_RESPONSE] });
    await settle();
    env.navigator.onLine = false;
    env.window.dispatchEvent(new Event("offline"));
    expect(onNetworkChange).toHaveBeenCalledOnce();
    server.lists.exchange = [new TypeError("Failed to fetch")];
    session.exchangeResponse = null;
    await expect(session.refresh()).rejects.toMatchObject({ code: "offline" });
    expect(errors.map(({ code }) => code)).toEqual(["offline"]);
    env.navigator.onLine = true;
    server.lists.exchange = [EXCHANGE_RESPONSE];
    env.window.dispatchEvent(new Event("online"));
    await settle();
    expect(onToken).toHaveBeenCalledTimes(2);
    session.stop();
  });

  test("refreshes within a minute after the machine slept, without any event", async () => {
    const { server, session } = startSession();
    await settle();
    vi.setSystemTime(Date.now() + 7_200_000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.count("exchange")).toBe(2);
    session.stop();
  });

  test("an answer without a token is service_unavailable", async () => {
    const { errors, session } = startSession({ exchange: [{ hello: "world" }] });
    await vi.advanceTimersByTimeAsync(3_000);
    expect(errors[0].code).toBe("service_unavailable");
    session.stop();
  });

  test("simultaneous callers share one exchange", async () => {
    const { server, session } = startSession();
    await Promise.all([session.refresh(), session.refresh()]);
    expect(server.count("exchange")).toBe(1);
    session.stop();
  });

  test("does nothing after stop", async () => {
    const { server, env, session } = startSession();
    await settle();
    session.stop();
    env.window.dispatchEvent(new Event("focus"));
    await vi.advanceTimersByTimeAsync(4_000_000);
    expect(server.requests).toHaveLength(1);
  });
});
