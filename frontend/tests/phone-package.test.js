/** Tests the npm package of packages/phone-js: loadPhone(), PhoneStore and the types that are packed. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import ts from "typescript";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import "./support/jsdom-styles.js";
import { loadPhone, pageState } from "../../packages/phone-js/src/load.js";
import { PhoneStore } from "../../packages/phone-js/src/store.js";
import { EmbeddedPhone } from "../phone/api.js";
import { fakeEnvironment, fakeServer } from "./support/fakes.js";

const FRONTEND = join(import.meta.dirname, "..");
const PACKAGE = join(FRONTEND, "../packages/phone-js");
const SRC = "https://voice.example/widget/v1/phone.js";
const OPTIONS = { src: SRC, token: "ept_x", settings: { apiBase: "https://voice.example" } };

const scripts = () => [...document.head.querySelectorAll("script")];

/** The real phone with a fake network. */
function newPhone() {
  const env = fakeEnvironment({ fetch: fakeServer().fetch });
  env.document = document;
  env.window.MutationObserver = window.MutationObserver;
  env.window.getComputedStyle = (element) => window.getComputedStyle(element);
  return new EmbeddedPhone(null, env).api;
}

/** Act as the browser does when phone.js has loaded: jsdom loads no scripts. */
function finishLoading(phone = newPhone()) {
  window.EpochPhone = phone;
  scripts()[0].dispatchEvent(new Event("load"));
  return phone;
}

beforeEach(() => {
  for (const name of Object.keys(pageState())) delete pageState()[name];
});

afterEach(() => {
  window.EpochPhone?.destroy();
  delete window.EpochPhone;
  for (const script of scripts()) script.remove();
  vi.useRealTimers();
});

describe("loadPhone", () => {
  test("loads the script once for all callers", async () => {
    const both = [loadPhone({ src: SRC }), loadPhone({ src: SRC })];
    expect(scripts().map(({ src }) => src)).toEqual([SRC]);
    const phone = finishLoading();
    expect(await Promise.all(both)).toEqual([phone, phone]);
    expect(await loadPhone({ src: SRC })).toBe(phone);
    expect(scripts()).toHaveLength(1);
  });

  test("takes the phone of the page's own tag", async () => {
    window.EpochPhone = newPhone();
    expect(await loadPhone({ src: SRC })).toBe(window.EpochPhone);
    expect(scripts()).toEqual([]);
  });

  test("gives the script nonce and integrity", () => {
    loadPhone({ src: SRC, nonce: "r4nd0m", integrity: "sha384-abc" }).catch(() => {});
    const [{ nonce, integrity, crossOrigin }] = scripts();
    expect([nonce, integrity, crossOrigin]).toEqual(["r4nd0m", "sha384-abc", "anonymous"]);
  });

  test("rejects if the script fails, and the next call tries again", async () => {
    const failed = loadPhone({ src: SRC });
    scripts()[0].dispatchEvent(new Event("error"));
    await expect(failed).rejects.toMatchObject({
      code: "load_failed",
      message: expect.stringContaining(`${SRC} could not be loaded: check the address`),
    });
    expect(scripts()).toEqual([]);
    const again = loadPhone({ src: SRC });
    const phone = finishLoading();
    expect(await again).toBe(phone);
  });

  test("rejects if the script does not arrive", async () => {
    vi.useFakeTimers();
    const failed = expect(loadPhone({ src: SRC, timeoutMs: 5000 })).rejects.toMatchObject({
      code: "load_timeout",
      message: `${SRC} did not arrive within 5 s: check the network and try again`,
    });
    await vi.advanceTimersByTimeAsync(5000);
    await failed;
    expect(scripts()).toEqual([]);
  });

  test("rejects a script that is not phone.js", async () => {
    const failed = loadPhone({ src: SRC });
    scripts()[0].dispatchEvent(new Event("load"));
    await expect(failed).rejects.toMatchObject({ code: "no_phone" });
  });

  test("rejects a second address", async () => {
    const first = loadPhone({ src: SRC });
    const other = "https://other.example/widget/phone.js";
    const message = `This page has phone.js from ${SRC} already: use the same src everywhere, not ${other}`;
    await expect(loadPhone({ src: other })).rejects.toMatchObject({ code: "other_address", message });
    finishLoading();
    await first;
    await expect(loadPhone({ src: other })).rejects.toMatchObject({ code: "other_address" });
  });

  test.each(["", undefined, "javascript:alert(1)", "https://"])("rejects %j as an address", async (src) => {
    await expect(loadPhone({ src })).rejects.toMatchObject({ code: "no_address" });
    expect(scripts()).toEqual([]);
  });
});

describe("PhoneStore", () => {
  test("starts nothing without a token", async () => {
    const store = new PhoneStore({ src: SRC, token: "" });
    expect(await store.start()).toBe(null);
    expect(scripts()).toEqual([]);
  });

  test("starts nothing if it is stopped before the script arrives, and starts once if it is started again", async () => {
    const store = new PhoneStore(OPTIONS);
    const first = store.start();
    store.stop();
    const second = store.start();
    const phone = newPhone();
    const init = vi.spyOn(phone, "init");
    finishLoading(phone);
    expect([await first, await second]).toEqual([null, phone]);
    expect(init).toHaveBeenCalledTimes(1);
    await vi.waitFor(() => expect(store.getSnapshot()).toMatchObject({ state: "ready", isReady: true }));
    store.stop();
    expect(store.getSnapshot()).toMatchObject({ phone: null, state: "loading" });
  });

  test("leaves the phone to the store that was started later", async () => {
    const [before, after] = [1, 2].map(() => new PhoneStore(OPTIONS));
    const started = [before.start()];
    const phone = finishLoading();
    await started[0];
    await after.start();
    const destroy = vi.spyOn(phone, "destroy");
    before.stop();
    expect(destroy).not.toHaveBeenCalled();
    after.stop();
    expect(destroy).toHaveBeenCalledTimes(1);
  });

  test("sets a setting that is no longer given to its default", async () => {
    const store = new PhoneStore({ ...OPTIONS, settings: { theme: "dark", locale: "de" } });
    const started = store.start();
    const phone = finishLoading();
    await started;
    const update = vi.spyOn(phone, "update");
    store.update({ ...OPTIONS, settings: { theme: "light" } });
    expect(update).toHaveBeenLastCalledWith({ theme: "light", locale: null });
    store.stop();
    const init = vi.spyOn(phone, "init");
    await new PhoneStore(OPTIONS).start();
    expect(init).toHaveBeenLastCalledWith({ theme: null, token: "ept_x", ...OPTIONS.settings });
  });

  test("notifies every listener, also if one throws, and keeps them over a restart", async () => {
    const store = new PhoneStore(OPTIONS);
    const reported = vi.spyOn(console, "error").mockImplementation(() => {});
    const [heard, ended] = [vi.fn(), vi.fn()];
    store.on("ready", () => {
      throw new Error("listener");
    });
    store.on("ready", heard);
    store.on("ready", ended)();
    const started = store.start();
    finishLoading();
    await started;
    await vi.waitFor(() => expect(heard).toHaveBeenCalledTimes(1));
    store.stop();
    await Promise.all([store.start(), store.start()]);
    await store.start();
    await vi.waitFor(() => expect(heard).toHaveBeenCalledTimes(2));
    expect(reported).toHaveBeenCalledTimes(2);
    expect(ended).not.toHaveBeenCalled();
    reported.mockRestore();
  });

  test("has a failure in the snapshot, and notifies listeners of it", async () => {
    const store = new PhoneStore(OPTIONS);
    const heard = vi.fn();
    store.on("error", heard);
    const failed = store.start();
    scripts()[0].dispatchEvent(new Event("error"));
    await expect(failed).rejects.toMatchObject({ code: "load_failed" });
    const error = { code: "load_failed", message: expect.stringContaining("could not be loaded") };
    expect(heard).toHaveBeenCalledExactlyOnceWith(error);
    expect(store.getSnapshot()).toMatchObject({ state: "error", isReady: false, error });
  });
});

test("the packed types accept an application's correct program and report its mistakes", () => {
  execFileSync("node", [join(PACKAGE, "build.mjs")]);
  const options = {
    ...{ jsx: ts.JsxEmit.ReactJSX, lib: ["lib.es2022.d.ts", "lib.dom.d.ts"], module: ts.ModuleKind.ESNext },
    ...{ moduleResolution: ts.ModuleResolutionKind.Bundler, noEmit: true, skipLibCheck: true, strict: true, types: [] },
    paths: {
      "@epoch-voice/phone-js": [join(PACKAGE, "dist/index.d.ts")],
      "@epoch-voice/phone-js/*": [join(PACKAGE, "dist/*.d.ts")],
      ...{ react: [join(FRONTEND, "node_modules/@types/react")], vue: [join(FRONTEND, "node_modules/vue")] },
    },
  };
  const program = ts.createProgram([join(FRONTEND, "tests/types/package.tsx")], options);
  const found = ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
    return `${file?.fileName}:${line} ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
  });
  expect(found).toEqual([]);
}, 60_000);
