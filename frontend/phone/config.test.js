/** Checks how the phone's script tag, its settings and the URL of the phone service are found. */
import { beforeEach, describe, expect, test } from "vitest";
import { apiBase, findTag, settingsOfTag, isOn } from "./config.js";

function script(attributes) {
  const tag = document.createElement("script");
  for (const [name, value] of Object.entries(attributes)) tag.setAttribute(name, value);
  return tag;
}

describe("findTag", () => {
  beforeEach(() => document.head.replaceChildren());

  test("finds the running script's tag", () => {
    const current = script({ "data-token": "ept_a" });
    expect(findTag(document, current)).toBe(current);
  });
  test("finds the tag by its attribute for a module or a bundle", () => {
    const tag = script({ "data-token": "ept_a", type: "text/plain", src: "https://v.example/widget/phone.js?v=1" });
    document.head.append(tag);
    expect(findTag(document, null)).toBe(tag);
    expect(findTag(document, script({ src: "/bundle.js" }))).toBe(tag);
  });
  test("finds the tag in open shadow roots, where document.currentScript is null", () => {
    const outer = document.createElement("div");
    const inner = document.createElement("div");
    const tag = script({ "data-token": "ept_a", type: "text/plain", src: "https://v.example/widget/phone.js" });
    document.head.append(outer);
    outer.attachShadow({ mode: "open" }).append(inner);
    inner.attachShadow({ mode: "open" }).append(tag);
    expect(findTag(document, null)).toBe(tag);
  });
  test.each([
    ["renamed", { "data-token": "ept_a", src: "https://cdn.example/assets/5f1c.min.js" }],
    ["inlined", { "data-token": "ept_a" }],
    ["a module with another name", { "data-token": "ept_a", type: "module", src: "/voice.mjs" }],
    ["held back for consent", { "data-token": "ept_a", type: "text/plain", "data-src": "https://v.example/phone.js" }],
    ["without data attributes", { src: "https://v.example/widget/phone.js?ver=6.8#ept_a" }],
  ])("finds a tag that is %s", (_, attributes) => {
    const tag = script(attributes);
    document.head.append(script({ "data-token": "of-somebody-else" }), tag);
    expect(findTag(document, null)).toBe(tag);
    expect(findTag(document, script({ src: "/bundle.js" }))).toBe(tag);
    expect(settingsOfTag(tag).token).toBe("ept_a");
  });
  test("prefers the attribute of a tag to the fragment of an address, and its own address to another's", () => {
    const otherTag = script({ src: "/phone.js#ept_b" });
    const own = script({ src: "/phone.js#ept_c" });
    document.head.append(otherTag, own);
    expect(findTag(document, own)).toBe(own);
    const tag = script({ "data-token": "ept_a" });
    document.head.append(tag);
    expect(findTag(document, own)).toBe(tag);
  });
  test("returns null without a tag", () => {
    expect(findTag(document, null)).toBeNull();
  });
});

describe("settings", () => {
  test("come from the attributes that the tag has", () => {
    const tag = script({ "data-token": "ept_a", "data-click-to-call": "on", "data-offset-x": "8" });
    expect(settingsOfTag(tag)).toEqual({ token: "ept_a", clickToCall: "on", offsetX: "8" });
    expect(settingsOfTag(null)).toEqual({});
  });
  test("come from the attributes beside a token in the address, whose attribute wins", () => {
    const tag = script({ src: "/phone.js?v=2#ept_a1B", "data-theme": "dark" });
    expect(settingsOfTag(tag)).toEqual({ token: "ept_a1B", theme: "dark" });
    tag.dataset.token = "ept_b";
    expect(settingsOfTag(tag).token).toBe("ept_b");
    expect(settingsOfTag(script({ src: "/phone.js#top" }))).toEqual({});
  });
  test.each([
    [true, true],
    ["on", true],
    ["TRUE", true],
    ["off", false],
    ["", false],
    [undefined, false],
  ])("isOn(%j) is %j", (value, on) => {
    expect(isOn(value)).toBe(on);
  });
});

describe("apiBase", () => {
  const tag = { src: "https://cdn.example/widget/phone.js" };
  test.each([
    [{ apiBase: "https://own.example/" }, "https://baked.example", "https://own.example"],
    [{}, "https://baked.example", "https://baked.example"],
    [{}, "__NOT_REPLACED__", "https://cdn.example"],
  ])("%j, built in %s: %s", (settings, baked, base) => {
    expect(apiBase(settings, tag, baked)).toBe(base);
  });
  test("is null if it is given nowhere", () => {
    expect(apiBase({}, null, "")).toBeNull();
    expect(apiBase({}, { src: "" }, "")).toBeNull();
  });
});
