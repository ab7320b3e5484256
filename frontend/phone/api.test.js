import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import "../tests/support/styles.js";
import { EmbeddedPhone, REINIT } from "./api.js";
import { page, refused, sdk, server, settle } from "../tests/support/page.js";

const NUMBER = "+12125550123";
let phones = [];

/** A phone that has begun, or one whose tag alone was read: `paint` is what it waits for. */
async function begin(settings = {}, answers, { isPainted = true } = {}) {
  const host = server(answers);
  const module = sdk();
  const env = { ...page({ fetch: host.fetch, module }), document };
  env.window.MutationObserver = window.MutationObserver;
  const embedded = new EmbeddedPhone(null, env);
  const { api } = embedded;
  phones.push(api);
  const config = { token: "ept_x", apiBase: "https://voice.example", ...settings };
  if (isPainted) embedded.start(config);
  else embedded.startAfterPaint(config);
  await settle();
  const paint = () => env.painted.splice(0).forEach((work) => work());
  return { api, host, module, env, paint };
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
  test("has the guide's methods and the contract's", async () => {
    const { api } = await begin();
    expect(Object.keys(api).sort()).toEqual(
      "call close destroy getCall getState hangup init isMuted isReady mute off on open reset sendDtmf test toggle".split(
        " ",
      ),
    );
  });

  test("calls, opens the panel and tells the call", async () => {
    const { api, module } = await begin();
    const opened = vi.fn();
    api.on("open", opened);
    expect(api.call(NUMBER, { metadata: { lead: 1 } })).toBe(true);
    expect(opened).toHaveBeenCalledOnce();
    expect(api.getCall()).toMatchObject({ number: NUMBER, metadata: { lead: 1 }, answeredAt: null, muted: false });
    await settle();
    await settle();
    const { call } = module.devices[0];
    call.emit("accept", call);
    for (const digit of ["5", "12", "x", "", null, "#"]) api.sendDtmf(digit);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(call.digits).toEqual(["5", "#"]);
    api.hangup();
    expect(api.getState()).toBe("completed");
    expect(api.isReady()).toBe(true);
    expect(api.getCall()).toBeNull();
  });

  test("waits in loading for init when there is no token", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { api } = await begin({ token: undefined });
    expect([api.getState(), api.call(NUMBER), warned.mock.calls.length]).toEqual(["loading", false, 1]);
    api.toggle();
    api.init({ token: "ept_x" });
    await settle();
    expect(api.getState()).toBe("ready");
    warned.mockRestore();
  });

  test("a second load with the same token is nothing, with another it warns", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { api, host } = await begin();
    api[REINIT]({ token: "ept_x" });
    expect(warned).not.toHaveBeenCalled();
    api[REINIT]({ token: "ept_other" });
    await settle();
    expect(warned).toHaveBeenCalledOnce();
    expect(warned.mock.calls[0].join(" ")).not.toContain("ept_");
    expect(host.count("exchange")).toBe(1);
    warned.mockRestore();
  });

  test("destroy leaves nothing on the page, init brings it back", async () => {
    const { api } = await begin();
    api.destroy();
    expect(document.querySelector("epoch-phone")).toBeNull();
    expect(api.getState()).toBe("loading");
    api.init();
    await settle();
    expect(document.querySelectorAll("epoch-phone")).toHaveLength(1);
    expect(api.getState()).toBe("ready");
  });
});

describe("a tag that the page has not painted yet", () => {
  const read = (settings) => begin(settings, undefined, { isPainted: false });
  const hasBegun = ({ host }) => [document.querySelectorAll("epoch-phone").length, host.count("exchange")];

  test("begins with the paint, once", async () => {
    const phone = await read();
    expect([...hasBegun(phone), phone.api.getState(), phone.api.call(NUMBER)]).toEqual([0, 0, "loading", false]);
    const [begun] = phone.env.painted;
    phone.paint();
    begun(); // the timer for pages without frames comes as well
    await settle();
    expect([...hasBegun(phone), phone.api.getState()]).toEqual([1, 1, "ready"]);
  });

  test.each(["open", "toggle"])("is not waited for by %s()", async (method) => {
    const phone = await read();
    phone.api[method]();
    expect(shown("#panel")).toBe(true);
    phone.paint();
    await settle();
    expect(hasBegun(phone)).toEqual([1, 1]);
  });

  test("is not waited for by test()", async () => {
    const phone = await read();
    const checked = phone.api.test();
    await settle();
    expect(hasBegun(phone)).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await checked).toMatchObject({ token: { ok: true } });
  });

  test("is not waited for by init(), which knows what the tag said", async () => {
    const phone = await read({ token: "ept_of_the_tag", locale: "es" });
    phone.api.init({ locale: "ar" });
    await settle();
    phone.paint();
    await settle();
    expect(hasBegun(phone)).toEqual([1, 1]);
    expect(phone.api.getState()).toBe("ready");
    expect(root().querySelector(".root").dir).toBe("rtl");
  });

  test("takes a token from init() without a word about the missing one", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const phone = await read({ token: undefined });
    phone.api.init({ token: "ept_x" });
    phone.paint();
    await settle();
    expect([...hasBegun(phone), warned.mock.calls.length]).toEqual([1, 1, 0]);
    warned.mockRestore();
  });

  test("does not begin once the page has destroyed its phone", async () => {
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

  test("without a token leaves the page to a second tag that has one", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const phone = await read({ token: undefined });
    phone.api[REINIT]({ token: "ept_x", apiBase: "https://voice.example" });
    await settle();
    expect(hasBegun(phone)).toEqual([1, 1]);
    warned.mockRestore();
  });
});

describe("the panel before it is needed", () => {
  const isBuilt = () => Boolean(root().querySelector("#panel"));

  test("is built after the page has painted, unseen", async () => {
    const { paint } = await begin();
    expect([isBuilt(), shown(".fab"), button("Open phone").hasAttribute("aria-controls")]).toEqual([
      false,
      true,
      false,
    ]);
    expect(root().querySelector("[role=status]").textContent).toBe("");
    paint();
    expect([isBuilt(), shown("#panel"), shown(".bar"), shown(".fab")]).toEqual([true, false, false, true]);
    expect(button("Open phone").getAttribute("aria-controls")).toBe("panel");
    expect([...root().firstElementChild.children].map(({ id, className }) => id || className).slice(0, 3)).toEqual([
      "panel",
      "fab",
      "bar",
    ]);
  });

  test.each(["pointerenter", "focus"])("is built at %s", async (event) => {
    await begin();
    button("Open phone").dispatchEvent(new Event(event));
    expect([isBuilt(), shown("#panel")]).toEqual([true, false]);
  });

  test("is built at once by open() and by a call, and once only", async () => {
    const { api, paint } = await begin();
    api.open();
    expect([shown("#panel"), button("Call") !== undefined]).toEqual([true, true]);
    const panel = root().querySelector("#panel");
    paint();
    expect(root().querySelector("#panel")).toBe(panel);
    api.destroy();
    api.init();
    await settle();
    expect(isBuilt()).toBe(false);
    api.call(NUMBER);
    expect([shown("#panel"), button("Hang up") !== undefined]).toEqual([true, true]);
  });

  test("is not built for a phone that is gone", async () => {
    const { api, paint } = await begin();
    const gone = root();
    api.destroy();
    paint();
    expect(gone.querySelector("#panel")).toBeNull();
  });

  test("takes the language that came first", async () => {
    const { paint } = await begin({ locale: "es" });
    await settle();
    paint();
    button("Abrir el teléfono").click();
    expect(root().querySelector("#panel").getAttribute("aria-label")).toBe("Teléfono");
  });
});

test("debug mode remembered by the browser begins after the page has painted", async () => {
  const said = vi.spyOn(console, "info").mockImplementation(() => {});
  const { env, paint } = await begin();
  env.preferences.debug = true;
  await settle();
  expect(said).not.toHaveBeenCalled();
  paint();
  await settle();
  expect(said.mock.calls[0][0]).toContain("debug mode");
  said.mockRestore();
});

describe("the panel", () => {
  test("opens by the button, closes by Escape, and focus goes along", async () => {
    const { api } = await begin();
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

  test("types by keys and keypad, calls by Enter", async () => {
    const { api } = await begin();
    api.open();
    const field = root().querySelector("input");
    for (const key of "212555012") typed(key, button("5 JKL"));
    button("3 DEF").click();
    expect(field.value).toBe("2125550123");
    typed("Enter", field);
    expect(api.getState()).toBe("dialing");
    expect(api.getCall().number).toBe(NUMBER);
  });

  test("says what is wrong with a number at the field", async () => {
    const { api } = await begin();
    api.open();
    const field = root().querySelector("input");
    field.value = "12";
    typed("Enter", field);
    expect(field.getAttribute("aria-invalid")).toBe("true");
    expect(root().querySelector("#dial-error .message").textContent).toBe("Invalid phone number");
  });

  test("shows a refusal's sentence, its fix and a way out", async () => {
    const { api, host } = await begin({}, { exchange: [refused(403, "domain_not_allowed", "Domain not allowed")] });
    api.open();
    await settle();
    const [message, fix] = [".notice .message", ".notice .fix"].map((one) => root().querySelector(one).textContent);
    expect(message).toBe("Domain not allowed");
    expect(fix).toContain("allowed domains");
    expect(button("Copy details")).toBeDefined();
    button("Retry").click();
    await settle();
    expect(host.count("exchange")).toBe(2);
  });

  test("leaves a bar with mute and hang up when it is closed in a call", async () => {
    const { api, module } = await begin();
    api.call(NUMBER);
    await settle();
    await settle();
    const { call } = module.devices[0];
    call.emit("accept", call);
    await vi.advanceTimersByTimeAsync(65_000);
    api.close();
    expect([shown(".fab"), shown(".bar")]).toEqual([false, true]);
    expect(root().querySelector(".bar").textContent).toContain("1:05");
    button("Mute").click();
    expect(api.isMuted()).toBe(true);
    expect(button("Mute").getAttribute("aria-pressed")).toBe("true");
    button("Hang up").click();
    expect(api.getState()).toBe("completed");
    expect([shown(".fab"), shown(".bar")]).toEqual([true, false]);
  });

  test("data-hidden keeps the button away until it is asked for", async () => {
    const { api } = await begin({ hidden: "true" });
    expect(shown(".fab")).toBe(false);
    api.toggle();
    api.toggle();
    expect(shown(".fab")).toBe(true);
  });

  test("takes its place, theme and colour from the settings, and marks the sandbox", async () => {
    const { api } = await begin({ position: "bottom-left", theme: "dark", color: "#ffcc00", offsetX: "44" });
    api.open();
    const { dataset } = root().querySelector(".root");
    expect([dataset.side, dataset.theme]).toEqual(["left", "dark"]);
    const own = root().adoptedStyleSheets[1].text;
    expect(own).toContain("--accent:var(--epoch-accent,#ffcc00)");
    expect(own).toContain("44px");
    expect(root().querySelector(".mark").hidden).toBe(false);
  });

  test("a colour that is none changes nothing", async () => {
    await begin({ color: "red;} *{display:none" });
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

  test("calls [data-phone] and tel: links, rows added later included", async () => {
    const { api } = await begin({ clickToCall: "on" });
    expect(click(add(`<span data-phone="(212) 555-0123"><i>Ann</i></span>`).firstElementChild)).toBe(true);
    expect(api.getCall().number).toBe(NUMBER);
    api.reset();
    expect(click(add(`<a href="tel:+1-212-555-0199">call</a>`))).toBe(true);
    expect(api.getCall().number).toBe("+12125550199");
  });

  test("is reached by keyboard", async () => {
    const { api } = await begin({ clickToCall: "on" });
    const row = add(`<span data-phone="${NUMBER}">Ann</span>`);
    await settle();
    expect([row.tabIndex, row.getAttribute("role")]).toEqual([0, "button"]);
    typed("Enter", row);
    expect(api.getState()).toBe("dialing");
  });

  test("leaves a tel: link alone when the phone is not ready, and modified clicks always", async () => {
    const { api } = await begin(
      { clickToCall: "on" },
      { exchange: [refused(409, "no_phone_number", "No phone number")] },
    );
    expect(click(add(`<a href="tel:${NUMBER}">x</a>`))).toBe(false);
    expect(api.getState()).toBe("error");
    const ready = await begin({ clickToCall: "on" });
    expect(click(add(`<a href="tel:${NUMBER}">x</a>`), { ctrlKey: true })).toBe(false);
    expect(ready.api.getState()).toBe("ready");
  });

  test("is off unless asked for, and cleans up after itself", async () => {
    const { api } = await begin();
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
