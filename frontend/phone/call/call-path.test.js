/** Checks the modules between `EpochPhone.call()` and the SDK's `connect()`, which docs/architecture.md shows. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import "../../tests/support/jsdom-styles.js";
import { EmbeddedPhone } from "../api.js";
import { fakeEnvironment, fakeSdk, fakeServer, settle } from "../../tests/support/fakes.js";

const STACK_DEPTH = 50;
// The server has confirmed the token so long ago that a call asks again.
const TOKEN_AGE_MS = 61_000;

/** The phone's modules that are on the stack now, the outermost caller first. */
function modulesOnTheStack() {
  const frames = new Error().stack.split("\n").reverse();
  const modules = frames.map((frame) => /.*\/phone\/([\w/-]+\.js)/.exec(frame)?.[1]).filter(Boolean);
  return modules.filter((module, index) => module !== modules[index - 1]);
}

/** The stack of the first time that each of the browser's and the SDK's functions is used for a call. */
async function stacksOfCall() {
  const sdk = fakeSdk();
  const env = { ...fakeEnvironment({ fetch: fakeServer().fetch, sdk }), document };
  env.window.MutationObserver = window.MutationObserver;
  const embedded = new EmbeddedPhone(null, env);
  embedded.start({ token: "ept_x", apiBase: "https://voice.example", clickToCall: "off" });
  await settle();
  await vi.advanceTimersByTimeAsync(TOKEN_AGE_MS);

  const stacks = {};
  const noteStack = (name) => {
    stacks[name] ??= modulesOnTheStack();
  };
  const { loadChunk, loadSdk, fetch } = env;
  Object.assign(env, {
    loadChunk(name) {
      noteStack(`load ${name}`);
      return loadChunk(name);
    },
    loadSdk() {
      noteStack("load SDK");
      return loadSdk();
    },
    fetch(...request) {
      noteStack("ask server");
      return fetch(...request);
    },
  });
  Object.defineProperty(env.window, "isSecureContext", {
    get() {
      noteStack("check microphone");
      return true;
    },
  });
  env.navigator.locks = {
    async request(_name, _options, onResult) {
      noteStack("acquire lock");
      return onResult({});
    },
  };
  const { connect } = sdk.Device.prototype;
  sdk.Device.prototype.connect = function (options) {
    noteStack("connect");
    return connect.call(this, options);
  };

  embedded.api.call("+12125550123");
  await vi.waitUntil(() => sdk.devices[0]?.call);
  embedded.destroy();
  return stacks;
}

beforeEach(() => {
  vi.useFakeTimers();
  Error.stackTraceLimit = STACK_DEPTH;
});
afterEach(() => vi.useRealTimers());

test("each step is reached downwards, without a module that calls one above it", async () => {
  expect(await stacksOfCall()).toMatchObject({
    "load call-stack": ["api.js", "core.js", "call/pending-call.js", "call/call-stack-loader.js"],
    "check microphone": ["call/pending-call.js", "call/outgoing-call.js", "call/call-checks.js", "call/microphone.js"],
    "acquire lock": ["call/outgoing-call.js", "call/call-checks.js", "call/cross-tab-lock.js"],
    "ask server": ["call/outgoing-call.js", "session/token-session.js", "session/api-client.js"],
    "load SDK": ["call/outgoing-call.js", "call/voice-device.js"],
    connect: ["call/outgoing-call.js", "call/voice-device.js"],
  });
});
