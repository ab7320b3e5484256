/** Checks the number field after a click on a number of the page that cannot be called. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import "../../tests/support/jsdom-styles.js";
import { EmbeddedPhone } from "../api.js";
import { fakeEnvironment, fakeSdk, fakeServer, settle } from "../../tests/support/fakes.js";

const NUMBER = "+12125550123";
let embedded;
let module;

async function startPhone(settings = {}) {
  module = fakeSdk();
  const env = { ...fakeEnvironment({ fetch: fakeServer().fetch, sdk: module }), document };
  env.window.MutationObserver = window.MutationObserver;
  env.window.matchMedia = () => ({ matches: false, addEventListener() {}, removeEventListener() {} });
  // A person's clicks on the page reach the window of the document.
  env.window.addEventListener = window.addEventListener.bind(window);
  env.window.removeEventListener = window.removeEventListener.bind(window);
  embedded = new EmbeddedPhone(null, env);
  embedded.api.init({ token: "ept_x", apiBase: "https://voice.example", clickToCall: "on", ...settings });
  await settle();
}

const find = (selector) => document.querySelector("epoch-phone").shadowRoot.querySelector(selector);
const field = () => find("#number");

/** Runs more tasks than loading the panel and the dialler needs. */
async function everythingIsLoaded() {
  for (let task = 0; task < 12; task += 1) await settle();
}

async function click(markup) {
  document.body.insertAdjacentHTML("beforeend", markup);
  document.body.lastElementChild.dispatchEvent(
    new MouseEvent("click", { bubbles: true, cancelable: true, composed: true }),
  );
  await everythingIsLoaded();
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  embedded.api.destroy();
  document.body.replaceChildren();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test.each([
  ["too short", '<a href="tel:12">Ada</a>', "12", "Invalid phone number"],
  ["letters", '<a href="tel:ask%20the%20office">Ada</a>', "ask the office", "Invalid phone number"],
  ["no number at all", '<a href="tel:">Ada</a>', "tel:", "Invalid phone number"],
  ["an emergency number", '<a href="tel:911">Help</a>', "911", "Emergency numbers cannot be called"],
  ["a label", '<b data-phone="Ask the office">Ada</b>', "Ask the office", "Invalid phone number"],
])("shows what a click asked for, and the reason: %s", async (_, markup, text, reason) => {
  await startPhone();
  await click(markup);
  expect(field().value).toBe(text);
  expect(find("#dial-error").textContent).toContain(reason);
  expect([find("[hidden] #number"), field().getAttribute("aria-invalid")]).toEqual([null, "true"]);
});

test("with confirm too; the text of a second click replaces the first one", async () => {
  await startPhone({ confirm: "on" });
  await click('<a href="tel:12">Ada</a>');
  expect(field().value).toBe("12");
  await click('<a href="tel:13">Bob</a>');
  expect(field().value).toBe("13");
});

test("a person goes on from the text, and then the error is gone", async () => {
  await startPhone();
  await click('<a href="tel:21255501">Ada</a>');
  expect(field().value).toBe("21255501");
  field().value += "23";
  field().dispatchEvent(new InputEvent("input", { data: "23", inputType: "insertText", bubbles: true }));
  expect(find("#dial-error").textContent).toBe("");
  find(".main").click();
  await everythingIsLoaded();
  expect(module.devices.at(-1).call.params.To).toBe(NUMBER);
  module.devices.at(-1).call.end();
  await everythingIsLoaded();
  embedded.api.reset();
  expect(field().value).toBe("");
});

test("what a person typed and called stays as it is", async () => {
  await startPhone();
  embedded.api.open();
  await everythingIsLoaded();
  field().value = " tel:12 ";
  find(".main").click();
  await everythingIsLoaded();
  expect(field().value).toBe(" tel:12 ");
  expect(find("#dial-error").textContent).toContain("Invalid phone number");
});

test("where several numbers may be meant, they are offered and the field stays empty", async () => {
  await startPhone();
  await click('<b data-phone="212 555 0123 or 212 555 0145">Ada</b>');
  expect(field().value).toBe("");
  expect(find("[part=choice]")).not.toBeNull();
});

test("without the dialpad the text is shown in place of the number to call", async () => {
  await startPhone({ dialpad: "off" });
  await click('<a href="tel:12">Ada</a>');
  expect(find(".number").textContent).toBe("12");
  expect(find("[hidden] .number")).toBeNull();
  expect(find(".alert.notice").textContent).toContain("Invalid phone number");
  expect(find(".main").disabled).toBe(true);
});
