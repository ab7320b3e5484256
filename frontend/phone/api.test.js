/**
 * Checks `window.EpochPhone` and EmbeddedPhone: the methods, the start after the first paint, second loads of the
 * script.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import "../tests/support/jsdom-styles.js";
import { EmbeddedPhone, REINIT } from "./api.js";
import { fakeEnvironment, refusal, fakeSdk, fakeServer, settle } from "../tests/support/fakes.js";

const NUMBER = "+12125550123";
let phones = [];

/** A phone that has started, or waits for `paint()`. */
async function startPhone(settings = {}, answers, { isPainted = true } = {}) {
  const server = fakeServer(answers);
  const sdk = fakeSdk();
  const env = { ...fakeEnvironment({ fetch: server.fetch, sdk }), document };
  env.window.MutationObserver = window.MutationObserver;
  // A person's clicks and keys on the page reach the window of the document.
  for (const method of ["addEventListener", "removeEventListener"]) {
    const own = env.window[method].bind(env.window);
    env.window[method] = (type, ...rest) =>
      /^(?:click|key)/.test(type) ? window[method](type, ...rest) : own(type, ...rest);
  }
  const embedded = new EmbeddedPhone(null, env);
  const { api } = embedded;
  phones.push(api);
  const config = { token: "ept_x", apiBase: "https://voice.example", ...settings };
  if (isPainted) embedded.start(config);
  else embedded.startAfterPaint(config);
  await settle();
  const paint = () => env.painted.splice(0).forEach((work) => work());
  /** Let the page be idle: the panel is loaded. */
  const becomeIdle = async () => {
    env.idle.splice(0).forEach((work) => work());
    await settle();
  };
  return { api, server, sdk, env, paint, becomeIdle };
}

/** A phone whose panel is loaded. */
async function startWithPanel(settings, answers) {
  const phone = await startPhone(settings, answers);
  phone.api.open();
  await settle();
  phone.api.close();
  return phone;
}

const root = () => document.querySelector("epoch-phone").shadowRoot;
const shown = (selector) => {
  const element = root().querySelector(selector);
  return Boolean(element) && !element.closest("[hidden]");
};
const button = (name) =>
  [...root().querySelectorAll("button")].find(
    (element) => !element.closest("[hidden]") && (element.getAttribute("aria-label") ?? element.textContent) === name,
  );
const typed = (key, target) =>
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true, cancelable: true }));

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  for (const api of phones) api.destroy();
  phones = [];
  document.body.replaceChildren();
  vi.useRealTimers();
});

describe("window.EpochPhone", () => {
  test("has the public methods and no other", async () => {
    const { api } = await startPhone();
    expect(Object.keys(api).sort()).toEqual(
      "call close destroy dropVoicemail getCall getState hangup hide init isMuted isReady mute off on open reset sendDtmf setOutcome show test toggle update".split(
        " ",
      ),
    );
  });

  test("calls, opens the panel and returns the call", async () => {
    const { api, sdk } = await startPhone();
    const opened = vi.fn();
    api.on("open", opened);
    expect(api.call(NUMBER, { metadata: { lead: 1 } })).toBe(true);
    expect(opened).toHaveBeenCalledOnce();
    expect(api.getCall()).toMatchObject({ number: NUMBER, metadata: { lead: 1 }, answeredAt: null, muted: false });
    await settle();
    await settle();
    const { call } = sdk.devices[0];
    call.answer();
    await settle();
    for (const digit of ["5", "12", "x", "", null, "#"]) api.sendDtmf(digit);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(call.digits).toEqual(["5", "#"]);
    api.hangup();
    expect(api.getState()).toBe("completed");
    expect(api.isReady()).toBe(true);
    expect(api.getCall()).toBeNull();
  });

  test("waits in loading for init() without a token", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { api } = await startPhone({ token: undefined });
    expect([api.getState(), api.call(NUMBER)]).toEqual(["loading", false]);
    api.toggle();
    api.init({ token: "ept_x" });
    await settle();
    expect(api.getState()).toBe("ready");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(warned).not.toHaveBeenCalled();
    warned.mockRestore();
  });

  test("says once what to do if no token comes", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { api } = await startPhone({ token: undefined });
    api.init({});
    await vi.advanceTimersByTimeAsync(60_000);
    api.init({});
    await vi.advanceTimersByTimeAsync(60_000);
    expect(warned).toHaveBeenCalledOnce();
    expect(warned.mock.calls[0][0]).toContain("no token yet");
    // An import has no tag whose address could be read.
    expect(warned.mock.calls[0][0]).toContain("after an import, set window.EpochPhoneConfig");
    expect(api.getState()).toBe("loading");
    warned.mockRestore();
  });

  test("a second load with the same token does nothing, with another one it warns", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { api, server } = await startPhone();
    api[REINIT]({ token: "ept_x" });
    expect(warned).not.toHaveBeenCalled();
    api[REINIT]({ token: "ept_other" });
    await settle();
    expect(warned).toHaveBeenCalledOnce();
    expect(warned.mock.calls[0].join(" ")).not.toContain("ept_");
    expect(server.count("exchange")).toBe(1);
    warned.mockRestore();
  });

  test("destroy() removes everything from the page, init() starts it again", async () => {
    const { api } = await startPhone();
    api.destroy();
    expect(document.querySelector("epoch-phone")).toBeNull();
    expect(api.getState()).toBe("loading");
    api.init();
    await settle();
    expect(document.querySelectorAll("epoch-phone")).toHaveLength(1);
    expect(api.getState()).toBe("ready");
  });
});

describe("startAfterPaint", () => {
  const read = (settings) => startPhone(settings, undefined, { isPainted: false });
  const hasBegun = ({ server }) => [document.querySelectorAll("epoch-phone").length, server.count("exchange")];

  test("starts once, at the first paint", async () => {
    const phone = await read();
    expect([...hasBegun(phone), phone.api.getState(), phone.api.call(NUMBER)]).toEqual([0, 0, "loading", false]);
    const [begun] = phone.env.painted;
    phone.paint();
    begun(); // the timer for pages without frames comes as well
    await settle();
    expect([...hasBegun(phone), phone.api.getState()]).toEqual([1, 1, "ready"]);
  });

  test.each(["open", "toggle"])("starts at %s() without waiting", async (method) => {
    const phone = await read();
    phone.api[method]();
    expect(shown(".fab")).toBe(true);
    phone.paint();
    await settle();
    expect([...hasBegun(phone), shown("#panel")]).toEqual([1, 1, true]);
  });

  test("starts at test() without waiting", async () => {
    const phone = await read();
    const checked = phone.api.test();
    await settle();
    expect(hasBegun(phone)).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await checked).toMatchObject({ token: { ok: true } });
  });

  test("starts at init() without waiting, with the settings of the tag", async () => {
    const phone = await read({ token: "ept_of_the_tag", locale: "es" });
    phone.api.init({ locale: "ar" });
    await settle();
    phone.paint();
    await settle();
    expect(hasBegun(phone)).toEqual([1, 1]);
    expect(phone.api.getState()).toBe("ready");
    expect(root().querySelector(".root").dir).toBe("rtl");
  });

  test("takes a token from init() without a warning", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const phone = await read({ token: undefined });
    phone.api.init({ token: "ept_x" });
    phone.paint();
    await settle();
    expect([...hasBegun(phone), warned.mock.calls.length]).toEqual([1, 1, 0]);
    warned.mockRestore();
  });

  test("does not start after destroy()", async () => {
    const phone = await read();
    phone.api.destroy();
    phone.paint();
    await settle();
    expect(hasBegun(phone)).toEqual([0, 0]);
  });

  test("is the page's phone for a second tag", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const phone = await read();
    phone.api[REINIT]({ token: "ept_x" });
    expect(warned).not.toHaveBeenCalled();
    phone.api[REINIT]({ token: "ept_other" });
    expect(warned).toHaveBeenCalledOnce();
    phone.paint();
    await settle();
    expect(hasBegun(phone)).toEqual([1, 1]);
    warned.mockRestore();
  });

  test("without a token, a second tag with a token starts", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const phone = await read({ token: undefined });
    phone.api[REINIT]({ token: "ept_x", apiBase: "https://voice.example" });
    await settle();
    expect(hasBegun(phone)).toEqual([1, 1]);
    warned.mockRestore();
  });
});

describe("loading the panel", () => {
  const isBuilt = () => Boolean(root().querySelector("#panel"));
  const isBusy = () => root().querySelector(".fab").getAttribute("aria-busy") === "true";
  const spoken = () => root().querySelector("[role=status]").textContent;
  const isLoadedFor = (env) => env.idle.length;

  test("happens when the phone is ready and the page is idle, hidden", async () => {
    const { env, becomeIdle } = await startPhone();
    expect([isBuilt(), shown(".fab"), button("Open phone").hasAttribute("aria-controls"), spoken()]).toEqual([
      ...[false, true, false, ""],
    ]);
    expect(isLoadedFor(env)).toBeGreaterThan(0);
    await becomeIdle();
    expect([isBuilt(), shown("#panel"), shown(".bar"), shown(".fab"), isBusy()]).toEqual([
      ...[true, false, false, true, false],
    ]);
    expect(button("Open phone").getAttribute("aria-controls")).toBe("panel");
    const names = [...root().firstElementChild.children].map(({ id, className }) => id || className);
    expect(names.slice(0, 2)).toEqual(["panel", "fab"]);
  });

  test("does not wait for an idle page where the exchange was refused", async () => {
    const { env } = await startPhone({}, { exchange: [refusal(403, "domain_not_allowed", "Domain not allowed")] });
    expect([isLoadedFor(env), isBuilt()]).toEqual([0, false]);
    button("Open phone").click();
    await settle();
    expect(root().querySelector(".notice .message").textContent).toBe("Domain not allowed");
  });

  test.each(["pointerenter", "focus"])("happens at %s", async (event) => {
    await startPhone();
    button("Open phone").dispatchEvent(new Event(event));
    await settle();
    expect([isBuilt(), shown("#panel"), isBusy()]).toEqual([true, false, false]);
  });

  test("happens at a press, which is kept and moves the focus when the panel is there", async () => {
    const { api } = await startPhone();
    const [opened, closed] = [vi.fn(), vi.fn()];
    api.on("open", opened);
    api.on("close", closed);
    button("Open phone").click();
    button("Open phone").click();
    expect([isBuilt(), isBusy(), opened.mock.calls.length]).toEqual([false, true, 1]);
    await settle();
    expect([shown("#panel"), isBusy(), closed.mock.calls.length]).toEqual([true, false, 0]);
    expect(root().activeElement).toBe(root().querySelector("input"));
    expect(button("Close phone").getAttribute("aria-expanded")).toBe("true");
  });

  test("leaves the focus in the page if the person has moved it there while the panel loads", async () => {
    const { api } = await startPhone();
    const field = document.body.appendChild(document.createElement("input"));
    api.open();
    field.focus();
    await settle();
    expect([shown("#panel"), document.activeElement === field]).toEqual([true, true]);
  });

  test.each([
    ["Escape", () => typed("Escape", button("Open phone"))],
    ["close()", ({ api }) => api.close()],
    ["toggle()", ({ api }) => api.toggle()],
  ])("%s while the panel loads leaves it closed", async (_, act) => {
    const phone = await startPhone();
    phone.api.open();
    act(phone);
    expect(isBusy()).toBe(false);
    await settle();
    expect([isBuilt(), shown("#panel")]).toEqual([true, false]);
  });

  test("happens once, at a call too", async () => {
    const { api, becomeIdle } = await startPhone();
    api.open();
    await settle();
    const panel = root().querySelector("#panel");
    expect([shown("#panel"), button("Call") !== undefined]).toEqual([true, true]);
    await becomeIdle();
    expect(root().querySelector("#panel")).toBe(panel);
    api.destroy();
    api.init();
    await settle();
    expect(isBuilt()).toBe(false);
    api.call(NUMBER);
    expect(spoken()).toBe("calling");
    await settle();
    expect([shown("#panel"), button("Hang up") !== undefined]).toEqual([true, true]);
  });

  test("does not happen after destroy()", async () => {
    const { api, becomeIdle } = await startPhone();
    const removedRoot = root();
    api.destroy();
    await becomeIdle();
    expect(removedRoot.querySelector("#panel")).toBeNull();
  });

  test("uses the language that was loaded before it", async () => {
    await startPhone({ locale: "es" });
    await settle();
    button("Abrir el teléfono").click();
    await settle();
    expect(root().querySelector("#panel").getAttribute("aria-label")).toBe("Teléfono");
  });

  describe("that fails", () => {
    const note = () => root().querySelector(".note")?.textContent ?? "";
    const blockPanel = async (settings) => {
      const phone = await startPhone(settings);
      phone.env.blocked.push("/panel-");
      return phone;
    };
    const failBoth = () => vi.advanceTimersByTimeAsync(1_100);

    test("is silent while nobody waits for it", async () => {
      const { env, becomeIdle } = await blockPanel();
      await becomeIdle();
      await failBoth();
      expect([
        env.requestedUrls.filter((url) => url.includes("/panel-")).length,
        note(),
        button("Open phone") !== undefined,
      ]).toEqual([2, "", true]);
    });

    test("is shown at the button, and tried again at the next press", async () => {
      const { api, env } = await blockPanel();
      const closed = vi.fn();
      api.on("close", closed);
      button("Open phone").click();
      await failBoth();
      expect(note()).toContain("This part of the phone could not be loaded. Check the internet");
      expect(root().querySelector("#state").textContent).toBe(note());
      expect([isBusy(), closed.mock.calls.length, api.getState()]).toEqual([false, 1, "ready"]);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(note()).toBe("");
      env.blocked.length = 0;
      button("Open phone").click();
      await settle();
      expect([shown("#panel"), root().querySelector("#state").textContent]).toEqual([true, "ready"]);
    });

    test("is shown in the page's language", async () => {
      await blockPanel({ locale: "es" });
      await settle();
      button("Abrir el teléfono").click();
      await failBoth();
      expect(note()).toContain("No se pudo cargar esta parte del teléfono.");
    });

    test("makes the button hang up a call", async () => {
      const { api, sdk } = await blockPanel();
      api.call(NUMBER);
      await failBoth();
      sdk.devices[0].call.answer();
      await settle();
      expect([api.getState(), shown(".fab.stop")]).toEqual(["in-progress", true]);
      button("Hang up").click();
      expect([api.getState(), shown(".fab.stop"), button("Open phone") !== undefined]).toEqual([
        ...["completed", false, true],
      ]);
    });
  });
});

test("debug mode that is stored in the browser starts after the page has painted", async () => {
  const said = vi.spyOn(console, "info").mockImplementation(() => {});
  const { env, paint } = await startPhone();
  env.preferences.debug = true;
  await settle();
  expect(said).not.toHaveBeenCalled();
  paint();
  await settle();
  expect(said.mock.calls[0][0]).toContain("debug mode");
  said.mockRestore();
});

describe("the panel", () => {
  test("opens by the button, closes on Escape, and moves the focus", async () => {
    const { api } = await startWithPanel();
    const fab = button("Open phone");
    fab.click();
    expect(fab.getAttribute("aria-expanded")).toBe("true");
    const field = root().querySelector("input");
    expect(root().activeElement).toBe(field);
    typed("Escape", field);
    expect(shown(".panel")).toBe(false);
    expect(root().activeElement).toBe(fab);
    expect(api.getState()).toBe("ready");
  });

  test("types by keys and keypad, calls on Enter", async () => {
    const { api } = await startWithPanel();
    api.open();
    const field = root().querySelector("input");
    for (const key of "212555012") typed(key, button("5 JKL"));
    button("3 DEF").click();
    expect(field.value).toBe("(212) 555-0123");
    typed("Enter", field);
    expect(api.getState()).toBe("dialing");
    expect(api.getCall().number).toBe(NUMBER);
  });

  test("shows what is wrong with a number at the field", async () => {
    const { api } = await startWithPanel();
    api.open();
    const field = root().querySelector("input");
    field.value = "12";
    typed("Enter", field);
    expect(field.getAttribute("aria-invalid")).toBe("true");
    expect(root().querySelector("#dial-error .message").textContent).toBe("Invalid phone number");
  });

  test("shows a refusal's sentence, its fix and Retry", async () => {
    const { api, server } = await startWithPanel(
      {},
      { exchange: [refusal(403, "domain_not_allowed", "Domain not allowed")] },
    );
    api.open();
    await settle();
    const [message, fix] = [".notice .message", ".notice .fix"].map(
      (selector) => root().querySelector(selector).textContent,
    );
    expect(message).toBe("Domain not allowed");
    expect(fix).toContain("allowed domains");
    expect(button("Copy details")).toBeDefined();
    button("Retry").click();
    await settle();
    expect(server.count("exchange")).toBe(2);
  });

  test("shows a bar with mute and hang up when it is closed during a call", async () => {
    const { api, sdk } = await startWithPanel();
    api.call(NUMBER);
    await settle();
    await settle();
    const { call } = sdk.devices[0];
    call.answer();
    await vi.advanceTimersByTimeAsync(65_000);
    api.close();
    expect([shown(".fab"), shown(".bar")]).toEqual([false, true]);
    expect(root().querySelector(".bar").textContent).toContain("+1 212-555-01231:05");
    button("Mute").click();
    expect([api.isMuted(), button("Mute"), button("Unmute").hasAttribute("aria-pressed")]).toEqual([
      true,
      undefined,
      false,
    ]);
    button("Unmute").click();
    expect([api.isMuted(), Boolean(button("Mute"))]).toEqual([false, true]);
    button("Hang up").click();
    expect(api.getState()).toBe("completed");
    expect([shown(".fab"), shown(".end")]).toEqual([false, true]);
  });

  test("the bar names the called person", async () => {
    const { api } = await startWithPanel();
    api.call(NUMBER, { name: "Ada Park", company: "Acme" });
    await settle();
    await settle();
    api.close();
    expect(root().querySelector(".bar").textContent).toContain("Ada Park · Acme");
  });

  describe("after a call that ended while it was closed", () => {
    const endBar = () => root().querySelector(".end");
    const spoken = () => root().querySelector("[role=status]").textContent;
    const endCall = async (record) => {
      const { api, env, sdk } = await startWithPanel({}, { status: [{ call: record }] });
      api.call(NUMBER);
      await settle();
      await settle();
      api.close();
      sdk.devices[0].call.emit("ringing", false);
      sdk.devices[0].call.end();
      await vi.advanceTimersByTimeAsync(1_000);
      return { api, env };
    };

    test.each([
      [{ status: "busy" }, "The line is busy", "The line is busy. Try again in a few minutes."],
      [{ status: "no-answer" }, "No answer", "No answer. Nobody picked up. Try again later."],
      [
        { status: "refused", message: "This destination is not allowed", end_reason: "destination_not_allowed" },
        "This destination is not allowed",
        "This destination is not allowed. ",
      ],
    ])("shows for six seconds how %j ended", async (record, sentence, announcement) => {
      const { api } = await endCall(record);
      expect([shown(".fab"), endBar().textContent]).toEqual([false, `+1 212-555-0123${sentence}`]);
      expect(spoken()).toContain(announcement);
      await vi.advanceTimersByTimeAsync(4_000);
      expect(shown(".end")).toBe(true);
      await vi.advanceTimersByTimeAsync(3_000);
      expect([shown(".fab"), shown(".end")]).toEqual([true, false]);
      expect(api.getState()).toBe("failed");
    });

    test("opens the panel with the reason, and shows the bar once", async () => {
      const { api } = await endCall({ status: "busy" });
      endBar().querySelector(".bar-title").click();
      expect([shown("#panel"), shown(".notice, .calm"), shown(".end")]).toEqual([true, true, false]);
      api.close();
      expect([shown(".fab"), shown(".end")]).toEqual([true, false]);
    });

    test("stays while a mouse is over it", async () => {
      const { env } = await endCall({ status: "busy" });
      const hovered = vi.spyOn(endBar(), "matches").mockReturnValue(true);
      env.window.matchMedia = () => ({ matches: true });
      await vi.advanceTimersByTimeAsync(60_000);
      expect(shown(".end")).toBe(true);
      hovered.mockReturnValue(false);
      await vi.advanceTimersByTimeAsync(1_000);
      expect([shown(".fab"), shown(".end")]).toEqual([true, false]);
    });

    test("gives way to the next call, and to a page that resets the phone", async () => {
      const { api } = await endCall({ status: "busy" });
      api.reset();
      expect([shown(".fab"), shown(".end")]).toEqual([true, false]);
    });
  });

  test("data-hidden hides the button until the panel is opened", async () => {
    const { api } = await startPhone({ hidden: "true" });
    expect(shown(".fab")).toBe(false);
    api.toggle();
    api.toggle();
    expect(shown(".fab")).toBe(true);
  });

  test("takes position, theme and colour from the settings, and marks the sandbox", async () => {
    const { api } = await startWithPanel({ position: "bottom-left", theme: "dark", color: "#ffcc00", offsetX: "44" });
    api.open();
    const { dataset } = root().querySelector(".root");
    expect([dataset.side, dataset.theme]).toEqual(["left", "dark"]);
    const own = root().adoptedStyleSheets[1].text;
    expect(own).toContain("--accent:var(--epoch-accent,#ffcc00)");
    expect(own).toContain("44px");
    expect(root().querySelector(".mark").hidden).toBe(false);
  });

  test("an invalid colour changes nothing", async () => {
    await startWithPanel({ color: "red;} *{display:none" });
    expect(root().adoptedStyleSheets[1].text).not.toContain("display:none");
  });
});

describe("click-to-call", () => {
  const add = (markup) => {
    document.body.insertAdjacentHTML("beforeend", markup);
    return document.body.lastElementChild;
  };
  const click = (element, options = {}) => {
    const event = new MouseEvent("click", { bubbles: true, cancelable: true, composed: true, ...options });
    element.dispatchEvent(event);
    return event.defaultPrevented;
  };

  test("calls [data-phone] and tel: links, also in rows added later", async () => {
    const { api } = await startPhone({ clickToCall: "on" });
    expect(click(add(`<span data-phone="(212) 555-0123"><i>Ann</i></span>`).firstElementChild)).toBe(true);
    expect(api.getCall().number).toBe(NUMBER);
    api.reset();
    expect(click(add(`<a href="tel:+1-212-555-0199">call</a>`))).toBe(true);
    expect(api.getCall().number).toBe("+12125550199");
  });

  test("works with the keyboard", async () => {
    const { api } = await startPhone({ clickToCall: "on" });
    const row = add(`<span data-phone="${NUMBER}">Ann</span>`);
    await settle();
    expect([row.tabIndex, row.getAttribute("role")]).toEqual([0, "button"]);
    typed("Enter", row);
    expect(api.getState()).toBe("dialing");
  });

  test("ignores a tel: link while the phone is not ready, and clicks with a modifier key", async () => {
    const { api } = await startPhone(
      { clickToCall: "on" },
      { exchange: [refusal(409, "no_phone_number", "No phone number")] },
    );
    expect(click(add(`<a href="tel:${NUMBER}">x</a>`))).toBe(false);
    expect(api.getState()).toBe("error");
    const ready = await startPhone({ clickToCall: "on" });
    expect(click(add(`<a href="tel:${NUMBER}">x</a>`), { ctrlKey: true })).toBe(false);
    expect(ready.api.getState()).toBe("ready");
  });

  test("is off by default, and cleans up when it is stopped", async () => {
    const { api } = await startPhone();
    click(add(`<span data-phone="${NUMBER}">Ann</span>`));
    expect(api.getState()).toBe("ready");
    api.init({ clickToCall: true });
    await settle();
    const row = document.body.lastElementChild;
    expect(row.tabIndex).toBe(0);
    api.destroy();
    expect(row.hasAttribute("tabindex")).toBe(false);
  });
});
