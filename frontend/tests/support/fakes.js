/** Fakes of what the phone uses: the browser, the server and the voice SDK. */
import { EventEmitter } from "node:events";
import { vi } from "vitest";
import { CHUNKS } from "../../chunks.mjs";
import { createLoaders } from "../../phone/chunk-loaders.js";
import { CSPViolations } from "../../phone/browser/csp-violations.js";

export const EXCHANGE_RESPONSE = {
  access_token: "jwt-1",
  expires_in: 3600,
  identity: "w_0123456789abcdef0123456789abcdef_0123456789abcdef",
  caller_id: "+14155550100",
  country: "US",
  calling_code: "1",
  trunk_prefix: "1",
  international_prefix: "011",
  organization: "Acme Realty",
  ticket: "ticket-1",
  signaling: "localhost:9000",
  settings: { theme: "auto", position: "bottom-right" },
};

/**
 * A server that answers each path with the next entry of the path's list, and repeats the last; `requests` has its
 * requests.
 */
export function fakeServer(answers = {}) {
  const requests = [];
  const lists = { exchange: [EXCHANGE_RESPONSE], status: [{ call: null }], ...answers };
  const fetch = vi.fn(async (url, { body }) => {
    const path = url.split("/").pop();
    requests.push({ path, body: JSON.parse(body) });
    const answer = lists[path].length > 1 ? lists[path].shift() : lists[path][0];
    if (answer instanceof Error) throw answer;
    const { status = 200, ...data } = answer.problem ? answer.problem : { ...answer };
    return new Response(JSON.stringify(data), { status: answer.problem ? status : 200 });
  });
  return { fetch, requests, lists, count: (path) => requests.filter((request) => request.path === path).length };
}

/** A refusal: the server's answer as problem+json. */
export const refusal = (status, code, detail, help) => ({ problem: { status, code, detail, help } });

export class FakeCall extends EventEmitter {
  state = "connecting";
  digits = [];
  muted = false;
  status() {
    return this.state;
  }
  mute(on) {
    this.muted = on;
  }
  sendDigits(digits) {
    this.digits.push(digits);
  }
  /** The far end rings, then answers. */
  answer() {
    this.emit("ringing", false);
    this.emit("accept", this);
  }
  disconnect() {
    this.end();
  }
  end(error) {
    if (this.state === "closed") return;
    this.state = "closed";
    this.device.call = null;
    if (error) this.emit("error", error);
    this.emit("disconnect", this);
  }
}

/**
 * The SDK's module. `devices` are the created devices, `signaling` those that were connected without a call. With
 * `connects: false`, `connect()` never settles.
 */
export function fakeSdk() {
  const sdk = { devices: [], signaling: [], connects: true };
  sdk.createAudioContext = () => {
    sdk.Device.audioContext = { resume: vi.fn(async () => {}) };
  };
  sdk.connectSignaling = async (device) => sdk.signaling.push(device);
  sdk.Device = class extends EventEmitter {
    state = "unregistered";
    call = null;
    audio = { inputDevice: null, unsetInputDevice: vi.fn(async () => {}) };
    tokens = [];
    constructor(token, options) {
      super();
      this.tokens.push(token);
      this.options = options;
      sdk.devices.push(this);
    }
    get isBusy() {
      return this.call !== null;
    }
    async connect({ params }) {
      if (!sdk.connects) return new Promise(() => {});
      this.call = new FakeCall();
      this.call.device = this;
      this.call.params = params;
      return this.call;
    }
    updateToken(token) {
      this.tokens.push(token);
    }
    destroy() {
      this.call?.disconnect();
      this.state = "destroyed";
      this.emit("destroyed");
    }
  };
  return sdk;
}

const chunks = import.meta.glob(["../../phone/lazy/*.js", "../../phone/i18n/locales/*.js", "!**/*.test.js"], {
  eager: true,
});

/** The module of the chunk at `url`, named as vitest.config.js names it. */
function chunkAt(url) {
  const name = url.split("/widget/")[1].replace("-HASH.js", "");
  return chunks[`../../${CHUNKS[name]}`];
}

/** The environment of phone/browser/environment.js; `load` imports the SDK in place of `sdk`. */
export function fakeEnvironment({ fetch, sdk = fakeSdk(), load }) {
  const target = new EventTarget();
  const visible = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const window = Object.assign(target, {
    isSecureContext: true,
    RTCPeerConnection: class {},
    crypto: globalThis.crypto,
    location: { origin: "https://crm.example", href: "https://crm.example/deals/1" },
  });
  window.parent = window.window = window;
  const env = {
    base: null,
    window,
    document: visible,
    navigator: { mediaDevices: { getUserMedia: async () => ({ getTracks: () => [] }) }, userAgent: "test" },
    isIntact: true,
    fetch,
    now: Date.now,
    random: () => 0.5,
    requestObserver: null,
    cspViolations: new CSPViolations(visible),
    preferences: {},
    importModule: async (url) => {
      env.requestedUrls.push(url);
      if (env.blocked.some((part) => url.includes(part))) throw new TypeError("Failed to fetch");
      return chunkAt(url) ?? (load ? load(url) : sdk);
    },
    // Parts of the URLs that cannot be loaded.
    blocked: [],
    requestedUrls: [],
    wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    // A test runs the functions that wait for the paint.
    afterPaint: (work) => env.painted.push(work),
    painted: [],
    afterFirstPaint: (work) => env.painted.push(work),
    // A test runs the functions that wait for an idle page.
    whenIdle: (work) => env.idle.push(work),
    idle: [],
  };
  return Object.assign(env, createLoaders(env));
}

/** Run all timers and promises that are due now. */
export const settle = () => vi.advanceTimersByTimeAsync(1);
