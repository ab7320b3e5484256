/**
 * Checks settings that a page changes while the phone runs: `update()`, `init()`, `show()`, `hide()`, the page's
 * language.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import "../tests/support/jsdom-styles.js";
import { EmbeddedPhone } from "./api.js";
import { EXCHANGE_RESPONSE, fakeEnvironment, fakeSdk, fakeServer, refusal, settle } from "../tests/support/fakes.js";

const NUMBER = "+12125550123";
const BASE = "https://voice.example";
let embedded;
let events;
let warn;

/** A phone that waits for `init()`. */
function createPhone(answers) {
  const server = fakeServer(answers);
  const env = { ...fakeEnvironment({ fetch: server.fetch, sdk: fakeSdk() }), document };
  env.window.MutationObserver = window.MutationObserver;
  env.window.matchMedia = () => ({ matches: false, addEventListener() {}, removeEventListener() {} });
  for (const method of ["addEventListener", "removeEventListener"]) {
    const own = env.window[method].bind(env.window);
    env.window[method] = (type, ...rest) =>
      /^(?:click|key|pointer)/.test(type) ? window[method](type, ...rest) : own(type, ...rest);
  }
  embedded = new EmbeddedPhone(null, env);
  const { api } = embedded;
  events = [];
  for (const name of ["callStarted", "callEnded", "ready"]) api.on(name, () => events.push(name));
  return { api, env, server };
}

async function startPhone(settings = {}, answers) {
  const { api, env, server } = createPhone(answers);
  api.init({ token: "ept_x", apiBase: BASE, ...settings });
  await settle();
  return { api, env, server };
}

/** A phone in a call, with the panel loaded and closed. */
async function startInCall(settings) {
  const started = await startPhone(settings);
  started.api.open();
  await settle();
  expect(started.api.call(NUMBER)).toBe(true);
  await settle();
  started.api.close();
  return started;
}

const root = () => document.querySelector("epoch-phone").shadowRoot.querySelector(".root");
const fab = () => root().querySelector(".fab");
const field = () => root().querySelector("#number");
const isShown = (selector) => {
  const element = root().querySelector(selector);
  return Boolean(element) && !element.closest("[hidden]");
};
const press = (key, target) =>
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true, cancelable: true }));
const clickNumber = async (markup) => {
  document.body.insertAdjacentHTML("beforeend", markup);
  const event = new MouseEvent("click", { bubbles: true, cancelable: true, composed: true });
  document.body.lastElementChild.dispatchEvent(event);
  await settle();
  return event.defaultPrevented;
};

beforeEach(() => {
  vi.useFakeTimers();
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  embedded.api.destroy();
  document.body.replaceChildren();
  document.documentElement.removeAttribute("lang");
  warn.mockRestore();
  vi.useRealTimers();
});

describe("update()", () => {
  test("changes position, theme, colour and offsets at once, and back to the defaults", async () => {
    const { api } = await startPhone({ position: "bottom-left" });
    api.update({ position: "bottom-right", theme: "dark", color: "red", offsetX: "44px", offsetY: 4 });
    const page = () => root().getRootNode().adoptedStyleSheets[1].text;
    expect([root().dataset.side, root().dataset.theme]).toEqual(["right", "dark"]);
    expect(page()).toContain("--accent:var(--epoch-accent,red)");
    expect(page()).toContain("min(44px,");
    api.update({ position: null, theme: null, color: null, offsetX: null });
    expect([root().dataset.side, root().dataset.theme]).toEqual(["right", "auto"]);
    expect(page()).not.toContain(",red)");
    expect(page()).not.toContain("44px");
    expect(page()).toContain("min(4px,");
  });

  test("never touches a call", async () => {
    const { api } = await startInCall();
    const call = api.getCall();
    for (const settings of [
      { position: "bottom-left", theme: "dark", color: "red", locale: "es" },
      { clickToCall: true, confirm: true, dialpad: false, telOnPhones: "native", popOut: "off", debug: "off" },
      { hidden: true },
      { hidden: false, clickToCall: false },
      { position: "sideways", unknown: 1, token: "ept_other", apiBase: "https://other.example" },
    ]) {
      api.update(settings);
      await settle();
    }
    expect(api.getCall()).toEqual(call);
    expect(events).toEqual(["ready", "callStarted"]);
    expect(warn.mock.calls).toEqual([
      [
        expect.stringMatching(
          /position must be one of .*; unknown is not a setting; token is set by init.*; apiBase is set by/,
        ),
      ],
    ]);
  });

  test("changes the language there and back, with what is in the field", async () => {
    const { api } = await startPhone();
    api.open();
    await settle();
    field().value = "212";
    api.update({ locale: "es-MX" });
    await settle();
    expect([root().lang, field().value]).toEqual(["es", "212"]);
    api.update({ locale: "en" });
    await settle();
    expect([root().lang, field().value]).toEqual(["en", "212"]);
  });

  test("the last of several languages wins, whichever is loaded last", async () => {
    const { api } = await startPhone();
    api.update({ locale: "es" });
    api.update({ locale: "ar" });
    api.update({ locale: "en" });
    await settle();
    await settle();
    expect(root().lang).toBe("en");
  });

  test("switches click-to-call on and off, and numbers follow the language", async () => {
    const { api } = await startPhone();
    document.body.innerHTML = `<b data-phone="${NUMBER}">Ada</b>`;
    api.update({ clickToCall: true });
    await settle();
    const { title } = document.body.firstChild;
    expect(title).toMatch(/^Call /);
    api.update({ locale: "es" });
    await settle();
    await settle();
    expect(document.body.firstChild.title).toMatch(/^Llamar /);
    api.update({ clickToCall: "off" });
    expect(document.body.innerHTML).toBe(`<b data-phone="${NUMBER}">Ada</b>`);
  });

  test("before the start its settings wait for it", async () => {
    const { api } = createPhone();
    api.update({ hidden: true, position: "bottom-left" });
    api.init({ token: "ept_x", apiBase: BASE });
    await settle();
    expect([fab().hidden, root().dataset.side]).toEqual([true, "left"]);
  });
});

test("the panel follows the page's language, unless one was chosen", async () => {
  const { api } = await startPhone();
  document.documentElement.lang = "es";
  await settle();
  expect(root().lang).toBe("es");
  api.update({ locale: "en" });
  await settle();
  document.documentElement.lang = "ar";
  await settle();
  expect(root().lang).toBe("en");
  api.update({ locale: null });
  await settle();
  expect(root().lang).toBe("ar");
});

describe("init()", () => {
  test("with the same token and address changes settings only, also in a call", async () => {
    const { api, server } = await startInCall();
    const { length } = server.requests ?? [];
    const call = api.getCall();
    api.init({ token: " ept_x ", apiBase: `${BASE}/`, position: "bottom-left" });
    api.init();
    expect(api.getCall()).toEqual(call);
    expect(root().dataset.side).toBe("left");
    expect((server.requests ?? []).length).toBe(length);
    expect(warn).not.toHaveBeenCalled();
  });

  test("with another token in a call throws, unless it is forced", async () => {
    const { api } = await startInCall();
    expect(() => api.init({ token: "ept_y" })).toThrow("hang up first, or pass force: true");
    expect(events).toEqual(["ready", "callStarted"]);
    api.init({ token: "ept_y", force: true });
    expect(events).toEqual(["ready", "callStarted", "callEnded"]);
    await settle();
    expect(api.getState()).toBe("ready");
    expect(warn).not.toHaveBeenCalled();
  });

  test("with another token outside a call starts over, and so does the same one in an error", async () => {
    const { api } = await startPhone(
      {},
      {
        exchange: [refusal(409, "no_phone_number", "No phone number"), EXCHANGE_RESPONSE],
      },
    );
    expect(api.getState()).toBe("error");
    api.init({ token: "ept_x" });
    await settle();
    expect(api.getState()).toBe("ready");
    api.init({ token: "ept_y" });
    expect(api.getState()).toBe("loading");
  });
});

describe("show() and hide()", () => {
  test("take the phone off the page and bring it back", async () => {
    const { api } = await startPhone();
    api.open();
    await settle();
    api.hide();
    expect([isShown(".panel"), fab().hidden]).toEqual([false, true]);
    api.show();
    expect([isShown(".panel"), fab().hidden]).toEqual([false, false]);
    api.hide();
    api.toggle();
    expect(fab().hidden).toBe(false);
  });

  test("hide() in a call takes effect at its end, unless show() follows", async () => {
    const { api } = await startInCall();
    api.hide();
    expect(isShown(".bar")).toBe(true);
    api.hangup();
    expect(fab().hidden).toBe(true);
    expect(root().hasAttribute("data-hidden")).toBe(true);
    api.call(NUMBER);
    await settle();
    api.hide();
    api.show();
    api.hangup();
    api.close();
    expect(root().hasAttribute("data-hidden")).toBe(false);
  });
});

describe("confirm", () => {
  const ON = { clickToCall: "on", confirm: "on" };

  test("a click fills the panel and Enter calls, with the name", async () => {
    const { api } = await startPhone(ON);
    expect(await clickNumber(`<a href="tel:${NUMBER}" data-phone-name="Ada">Ada</a>`)).toBe(true);
    expect(events).toEqual(["ready"]);
    expect(field().value.replace(/\D/g, "")).toBe(NUMBER.slice(1));
    expect(root().getRootNode().activeElement).toBe(field());
    press("Enter", field());
    expect(api.getCall()).toMatchObject({ number: NUMBER, name: "Ada" });
  });

  test("a changed number is called without the name, and Escape leaves nothing", async () => {
    const { api } = await startPhone(ON);
    await clickNumber(`<b data-phone="${NUMBER}" data-phone-name="Ada">Ada</b>`);
    press("Escape", field());
    expect(isShown(".panel")).toBe(false);
    api.open();
    expect(field().value).toBe("");
    await clickNumber(`<b data-phone="${NUMBER}" data-phone-name="Ada">Ada</b>`);
    field().value = "(212) 555-0199";
    press("Enter", field());
    expect(api.getCall().number).toBe("+12125550199");
    expect(api.getCall().name).toBeUndefined();
  });

  test("what is no number is refused at once, and after a call the next number is shown", async () => {
    const { api } = await startPhone(ON);
    await clickNumber('<b data-phone="Ask the office">Ada</b>');
    expect(root().querySelector("#dial-error").textContent).toContain("Invalid phone number");
    api.call(NUMBER);
    await settle();
    api.hangup();
    await clickNumber(`<b data-phone="${NUMBER}">Ada</b>`);
    expect(field().value.replace(/\D/g, "")).toBe(NUMBER.slice(1));
    expect(api.getState()).toBe("ready");
  });
});

describe("without the dialpad", () => {
  test("no number can be typed, but call() and the page's numbers place calls", async () => {
    const { api } = await startPhone({ dialpad: "off", clickToCall: "on" });
    api.open();
    await settle();
    expect([isShown(".keys"), isShown("#number"), isShown("ul[aria-labelledby=recent]")]).toEqual([
      false,
      false,
      false,
    ]);
    expect(root().querySelector(".main").disabled).toBe(true);
    for (const digit of NUMBER.slice(1)) press(digit, root().querySelector(".panel"));
    field().value = NUMBER;
    press("Enter", field());
    expect(events).toEqual(["ready"]);
    await clickNumber(`<b data-phone="${NUMBER}">Ada</b>`);
    expect(events).toEqual(["ready", "callStarted"]);
    api.hangup();
    expect(api.call(NUMBER)).toBe(true);
  });

  test("with confirm the number is shown, cannot be changed, and waits for Call", async () => {
    const { api } = await startPhone({ dialpad: false, confirm: true, clickToCall: true });
    await clickNumber(`<b data-phone="${NUMBER}" data-phone-name="Ada">Ada</b>`);
    const main = root().querySelector(".main");
    expect(root().querySelector(".peer").textContent).toContain("Ada");
    expect(root().querySelector(".number").textContent.replace(/\D/g, "")).toBe(NUMBER.slice(1));
    expect([main.disabled, root().getRootNode().activeElement === main]).toEqual([false, true]);
    main.click();
    expect(api.getCall()).toMatchObject({ number: NUMBER, name: "Ada" });
  });

  test("keys of a call stay", async () => {
    const { api } = await startPhone({ dialpad: "off" });
    api.open();
    await settle();
    api.call(NUMBER);
    await settle();
    await settle();
    expect(root().querySelector(".tools")).not.toBeNull();
    api.update({ dialpad: "on" });
    api.hangup();
    api.reset();
    expect([isShown(".keys"), isShown("#number")]).toEqual([true, true]);
  });
});

test("on phones tel: links can be left to the system, and data-phone still calls", async () => {
  const { api, env } = await startPhone({ clickToCall: "on", telOnPhones: "native" });
  env.navigator.userAgentData = { mobile: true };
  env.window.navigator = env.navigator;
  env.window.matchMedia = (query) => ({ matches: query === "(pointer: coarse)" });
  expect(await clickNumber(`<a href="tel:${NUMBER}">Ada</a>`)).toBe(false);
  expect(events).toEqual(["ready"]);
  expect(await clickNumber(`<a href="tel:${NUMBER}" data-phone="${NUMBER}">Ada</a>`)).toBe(true);
  expect(events).toEqual(["ready", "callStarted"]);
  api.hangup();
  api.update({ telOnPhones: "phone" });
  expect(await clickNumber(`<a href="tel:${NUMBER}">Ada</a>`)).toBe(true);
});
describe("container", () => {
  const CONTAINER = '<aside id="place"></aside>';
  const host = () => document.querySelector("epoch-phone");
  const isInline = () => root().hasAttribute("data-inline") && !fab().checkVisibility?.() && fab().hidden;

  test("holds the open panel without the button, and no open event is emitted", async () => {
    document.body.innerHTML = CONTAINER;
    const { api, env } = await startPhone({ container: "#place" });
    const opened = vi.fn();
    api.on("open", opened);
    await settle();
    expect(host().parentElement.id).toBe("place");
    expect([isInline(), isShown(".panel"), root().querySelector(".panel").getAttribute("role")]).toEqual([
      true,
      true,
      "region",
    ]);
    expect(opened).not.toHaveBeenCalled();
    expect(env.requestedUrls.filter((url) => /sdk-|call-stack/.test(url))).toEqual([]);
    api.close();
    api.toggle();
    press("Escape", root().querySelector(".panel"));
    expect(isShown(".panel")).toBe(true);
    root().dispatchEvent(new FocusEvent("focusin"));
    await settle();
    expect(env.requestedUrls.some((url) => /call-stack/.test(url))).toBe(true);
  });

  test("may be added later, removed during a call, and added again", async () => {
    const { api } = await startInCall({ container: "#place" });
    expect(host().parentElement).toBe(document.documentElement);
    document.body.innerHTML = CONTAINER;
    await settle();
    expect([host().parentElement.id, isInline(), isShown(".panel")]).toEqual(["place", true, true]);
    document.body.replaceChildren();
    await settle();
    expect([host().parentElement, isInline(), isShown(".panel")]).toEqual([document.documentElement, false, true]);
    document.body.innerHTML = CONTAINER;
    await settle();
    expect(isInline()).toBe(true);
    api.hangup();
    document.body.replaceChildren();
    await settle();
    expect([isShown(".panel"), fab().hidden]).toEqual([false, false]);
    expect(events).toEqual(["ready", "callStarted", "callEnded"]);
  });

  test("changes by update(), and hide() and show() hold there", async () => {
    document.body.innerHTML = CONTAINER;
    const { api } = await startPhone();
    api.update({ container: "#place" });
    await settle();
    expect(isInline()).toBe(true);
    api.hide();
    expect(isShown(".panel")).toBe(false);
    api.show();
    expect(isShown(".panel")).toBe(true);
    api.update({ container: null });
    expect([host().parentElement, fab().hidden]).toEqual([document.documentElement, false]);
  });

  test("the button says what is wrong if the panel cannot be loaded", async () => {
    document.body.innerHTML = CONTAINER;
    const { api, env } = createPhone();
    env.blocked.push("/panel-");
    api.init({ token: "ept_x", apiBase: BASE, container: "#place" });
    await vi.advanceTimersByTimeAsync(5_000);
    expect([isInline(), fab().hidden]).toEqual([false, false]);
    env.blocked.length = 0;
    fab().click();
    await settle();
    await settle();
    expect(isInline()).toBe(true);
  });
});
