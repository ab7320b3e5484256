import { describe, expect, test } from "vitest";
import { guardMessages, isSdkMessage, isTrusted } from "./message-guard.js";

const TRUST = { appHosts: ["app.hubspot.com", "app-eu1.hubspot.com"], hosts: ["mysite.com", "127.0.0.1"] };

describe("isTrusted", () => {
  test.each([
    "https://app.hubspot.com",
    "https://app-eu1.hubspot.com",
    "https://mysite.com",
    "https://crm.mysite.com:8443",
    "http://127.0.0.1:3000",
  ])("trusts %s", (origin) => expect(isTrusted(origin, TRUST)).toBe(true));

  test.each([
    "https://evil.example",
    "http://app.hubspot.com",
    "https://app.hubspot.com:444",
    "https://sub.app.hubspot.com",
    "https://app.hubspot.com.evil.example",
    "https://notmysite.com",
    "http://mysite.com",
    "null",
    "",
    "https://mysite.com@evil.example",
  ])("does not trust %s", (origin) => expect(isTrusted(origin, TRUST)).toBe(false));
});

describe("guardMessages", () => {
  test.each([[null], ["SYNC"], [1], [{}], [{ type: 1 }], [{ type: "SYNC", hostUrl: 5 }]])("stops %o", (data) =>
    expect(isSdkMessage(data, TRUST)).toBe(false),
  );

  test("stops a SYNC that directs the answers to another page", () => {
    expect(isSdkMessage({ type: "SYNC", hostUrl: "https://evil.example" }, TRUST)).toBe(false);
    expect(isSdkMessage({ type: "SYNC", hostUrl: "https://app.hubspot.com" }, TRUST)).toBe(true);
  });

  test("lets through messages of the parent page only", () => {
    const heard = [];
    guardMessages(window, TRUST);
    window.addEventListener("message", ({ data }) => heard.push(data.type));
    const post = (origin, source, type) =>
      window.dispatchEvent(new MessageEvent("message", { origin, source, data: { type } }));
    post("https://app.hubspot.com", window.parent, "wanted");
    post("https://app.hubspot.com", null, "another window");
    post("https://evil.example", window.parent, "another page");
    expect(heard).toEqual(["wanted"]);
  });
});
