/** Checks that the voice SDK tries the next edge (location of the carrier) of a list when an edge cannot be reached. */
import { createRequire } from "node:module";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const require = createRequire(import.meta.url);
const {
  getChunderURIs,
  createSignalingEndpointURL,
} = require("../../node_modules/@twilio/voice-sdk/es5/twilio/regions.js");
const { default: WSTransport } = require("../../node_modules/@twilio/voice-sdk/es5/twilio/wstransport.js");

class DeadSocket extends EventTarget {
  static opened = [];
  readyState = 0;
  constructor(url) {
    super();
    DeadSocket.opened.push(url);
    setTimeout(() => {
      const close = Object.assign(new Event("close"), { code: 1006 });
      this.dispatchEvent(close);
    }, 10);
  }
  close() {}
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("the SDK tries the edges in their order when one does not answer", async () => {
  const uris = getChunderURIs(["dublin", "frankfurt"]).map(createSignalingEndpointURL);
  const transport = new WSTransport(uris, { WebSocket: DeadSocket });
  transport.open();
  await vi.advanceTimersByTimeAsync(120_000);
  transport.close();
  const hosts = DeadSocket.opened.map((url) => new URL(url).hostname);
  expect(hosts[0]).toBe("voice-js.dublin.twilio.com");
  expect(hosts).toContain("voice-js.frankfurt.twilio.com");
});
