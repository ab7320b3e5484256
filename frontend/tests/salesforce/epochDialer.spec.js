/**
 * Tests the Epoch Dialer under Salesforce's own test runner, with its stand-ins for the platform and the real phone. In
 * this DOM calls cannot connect and fail at once; a browser test has calls that connect.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createElement } from "lwc";
import { getRecord } from "lightning/uiRecordApi";
import { loadScript } from "lightning/platformResourceLoader";
import logCall from "@salesforce/apex/EpochCallLogger.logCall";
import Dialer from "c/epochDialer";

jest.mock("@salesforce/apex/EpochCallLogger.logCall", () => ({ default: jest.fn() }), { virtual: true });
jest.mock("lightning/platformResourceLoader", () => ({ loadScript: jest.fn() }), { virtual: true });

const DIST = join(__dirname, "../../dist");
const NAMES = JSON.parse(readFileSync(join(DIST, "manifest.json"), "utf8"));
const BUILT = readFileSync(join(DIST, NAMES["phone.full.js"]), "utf8");
const WIDGET = BUILT.replaceAll("__EPOCH_API_BASE__", "https://voice.example");
const TOKEN = `ept_${"a".repeat(38)}`;
const NUMBER = "+12125550100";
const CONTACT = "003000000000001AAA";
const SESSION = {
  access_token: "a.b.c",
  expires_in: 3600,
  identity: "w_01890a5dac96774bbcceb302099a8057_0123456789abcdef",
  caller_id: "+14155550100",
  country: "US",
  calling_code: "1",
  trunk_prefix: "1",
  international_prefix: "011",
  organization: "Acme Realty",
  settings: {},
};

// The phone needs these, and this DOM lacks them.
globalThis.CSSStyleSheet = class {
  replaceSync() {}
};
globalThis.CSS = { supports: () => true };
globalThis.RTCPeerConnection = class {};
Object.defineProperty(navigator, "mediaDevices", {
  value: { getUserMedia: () => Promise.reject(new DOMException("", "NotFoundError")) },
});
const service = { answer: SESSION, status: 200 };
globalThis.fetch = async () => ({
  ok: service.status === 200,
  status: service.status,
  json: async () => service.answer,
});

/** Resolves when `probe` returns true. */
async function until(probe) {
  while (!probe()) await new Promise((resolve) => setTimeout(resolve, 5));
}

function addDialer(properties) {
  const dialer = Object.assign(createElement("c-epoch-dialer", { is: Dialer }), { embedToken: TOKEN, ...properties });
  const toasts = [];
  dialer.addEventListener("lightning__showtoast", ({ detail }) => toasts.push(detail.message));
  document.body.append(dialer);
  const { shadowRoot } = dialer;
  return {
    toasts,
    remove: () => dialer.remove(),
    state: () => shadowRoot.querySelector("[data-state]").textContent,
    status: () => shadowRoot.querySelector("[role=status]").textContent,
    buttons: () => [...shadowRoot.querySelectorAll("button")],
    type(number) {
      const field = shadowRoot.querySelector("input");
      field.value = number;
      field.dispatchEvent(new CustomEvent("input"));
      shadowRoot.querySelector("form").dispatchEvent(new CustomEvent("submit", { cancelable: true }));
    },
  };
}

beforeEach(() => {
  Object.assign(service, { answer: SESSION, status: 200 });
  // As the platform's loader does: the text runs as a classic script.
  // eslint-disable-next-line no-eval
  loadScript.mockReset().mockImplementation(async () => (0, window.eval)(WIDGET));
  logCall.mockReset().mockResolvedValue("00T000000000001AAA");
});

afterEach(() => {
  for (const dialer of document.querySelectorAll("c-epoch-dialer")) dialer.remove();
});

test("shows a missing token or resource in the component and in a toast", async () => {
  const without = addDialer({ embedToken: "" });
  await until(() => without.status());
  expect(without.status()).toBe("No embed token. Set one in the component's properties");
  expect(without.toasts).toEqual([without.status()]);
  expect(loadScript).not.toHaveBeenCalled();

  loadScript.mockRejectedValue(new Error("404"));
  const missing = addDialer();
  await until(() => missing.status());
  expect(missing.status()).toBe("The phone did not load. Check the static resource EpochWidget");
  expect(missing.state()).toBe("Not available");
});

test("starts the phone with the token and shows its refusal", async () => {
  Object.assign(service, { status: 401, answer: { code: "revoked_embed_token", detail: "Invalid or revoked token" } });
  const dialer = addDialer();
  await until(() => dialer.status());
  expect(dialer.status()).toBe("Invalid or revoked token");
  expect(window.EpochPhoneConfig.token).toBe(TOKEN);
  expect(dialer.buttons().every((button) => button.disabled)).toBe(true);

  service.status = 200;
  service.answer = SESSION;
  window.EpochPhone.reset();
  await until(() => dialer.state() === "Ready");
});

test("shows each of the record's numbers once, as a button", async () => {
  const dialer = addDialer({ recordId: CONTACT, objectApiName: "Contact", phoneFields: "Phone, MobilePhone, Fax" });
  await until(() => dialer.state() === "Ready");
  getRecord.emit({
    id: CONTACT,
    fields: { Phone: { value: NUMBER }, MobilePhone: { value: "(212) 555-0147" }, Fax: { value: NUMBER } },
  });
  await until(() => dialer.buttons().length > 1);
  expect(dialer.buttons().map((button) => button.textContent.trim())).toEqual([
    `Call ${NUMBER}`,
    "Call (212) 555-0147",
    "Call",
  ]);
  expect(getRecord.getLastConfig().optionalFields).toEqual([
    "Contact.Phone",
    "Contact.MobilePhone",
    "Contact.Fax",
    "Contact.Name",
  ]);
});

test("a second component finds the phone ready, and a removed one stops listening", async () => {
  const first = addDialer({ recordId: CONTACT, objectApiName: "Contact" });
  await until(() => first.state() === "Ready");
  const second = addDialer();
  await until(() => second.state() === "Ready");
  expect(loadScript).not.toHaveBeenCalled();
  first.remove();

  second.type("Front desk");
  await until(() => second.status());
  expect(second.status()).toBe("Invalid phone number");
  second.type(NUMBER);
  await until(() => logCall.mock.calls.length);
  await until(() => second.status() === "Call logged");
  expect(logCall.mock.calls.map(([call]) => [call.phoneNumber, call.status, call.seconds, call.recordId])).toEqual([
    [NUMBER, "failed", 0, null],
  ]);
  expect(first.status()).toBe("");
});

test("shows the platform's message if a call cannot be logged", async () => {
  const dialer = addDialer();
  await until(() => dialer.state() === "Ready");
  logCall.mockRejectedValue({ body: { message: "The call was not logged: no access" } });
  dialer.type(NUMBER);
  await until(() => dialer.status() === "The call was not logged: no access");
  logCall.mockRejectedValue(new Error("offline"));
  dialer.type(NUMBER);
  await until(() => dialer.status() === "The call was not logged");
});
