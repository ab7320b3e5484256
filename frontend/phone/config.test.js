import { beforeEach, describe, expect, test } from "vitest";
import { apiBase, findTag, settingsOfTag, isOn } from "./config.js";

function script(attributes) {
  const tag = document.createElement("script");
  for (const [name, value] of Object.entries(attributes)) tag.setAttribute(name, value);
  return tag;
}

describe("the script's own tag", () => {
  beforeEach(() => document.head.replaceChildren());

  test("is the one that runs", () => {
    const current = script({ "data-token": "ept_a" });
    expect(findTag(document, current)).toBe(current);
  });
  test("is looked for when a module or a bundle runs", () => {
    const tag = script({ "data-token": "ept_a", type: "text/plain", src: "https://v.example/widget/phone.js?v=1" });
    document.head.append(tag);
    expect(findTag(document, null)).toBe(tag);
    expect(findTag(document, script({ src: "/bundle.js" }))).toBe(tag);
  });
  test("is looked for in open shadow roots, which hide it from the script itself", () => {
    const outer = document.createElement("div");
    const inner = document.createElement("div");
    const tag = script({ "data-token": "ept_a", type: "text/plain", src: "https://v.example/widget/phone.js" });
    document.head.append(outer);
    outer.attachShadow({ mode: "open" }).append(inner);
    inner.attachShadow({ mode: "open" }).append(tag);
    expect(findTag(document, null)).toBe(tag);
  });
  test("may be missing", () => {
    expect(findTag(document, null)).toBeNull();
  });
});

describe("settings", () => {
  test("come from the attributes that are there", () => {
    const tag = script({ "data-token": "ept_a", "data-click-to-call": "on", "data-offset-x": "8" });
    expect(settingsOfTag(tag)).toEqual({ token: "ept_a", clickToCall: "on", offsetX: "8" });
    expect(settingsOfTag(null)).toEqual({});
  });
  test.each([
    [true, true],
    ["on", true],
    ["TRUE", true],
    ["off", false],
    ["", false],
    [undefined, false],
  ])("%j is on: %j", (value, on) => {
    expect(isOn(value)).toBe(on);
  });
});

describe("the service's address", () => {
  const tag = { src: "https://cdn.example/widget/phone.js" };
  test.each([
    [{ apiBase: "https://own.example/" }, "https://baked.example", "https://own.example"],
    [{}, "https://baked.example", "https://baked.example"],
    [{}, "__NOT_REPLACED__", "https://cdn.example"],
  ])("%j, baked %s: %s", (settings, baked, base) => {
    expect(apiBase(settings, tag, baked)).toBe(base);
  });
  test("is unknown without any of them", () => {
    expect(apiBase({}, null, "")).toBeNull();
    expect(apiBase({}, { src: "" }, "")).toBeNull();
  });
});
