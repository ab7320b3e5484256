/** Checks the style sheets of the phone's shadow root, also where browsers cannot construct them. */
import { describe, expect, test, vi } from "vitest";
import "../../tests/support/jsdom-styles.js";
import { StyleSheets } from "./style-sheets.js";

const newShadow = () => document.createElement("div").attachShadow({ mode: "open" });

describe("StyleSheets", () => {
  test("adopts each text once, in order", () => {
    const shadow = newShadow();
    const sheets = new StyleSheets(shadow, undefined);
    sheets.add("a{}", "b{}");
    sheets.add("b{}", "c{}");
    expect(shadow.adoptedStyleSheets.map(({ text }) => text)).toEqual(["a{}", "b{}", "c{}"]);
    expect(sheets.elements).toEqual([]);
    expect(shadow.host.style.cssText).toBe("");
  });

  test.each([
    [
      "constructs none",
      () =>
        vi.stubGlobal(
          "CSSStyleSheet",
          class {
            constructor() {
              throw new TypeError("Illegal");
            }
          },
        ),
    ],
    ["adopts none", () => vi.spyOn(ShadowRoot.prototype, "adoptedStyleSheets", "get").mockReturnValue(undefined)],
  ])("a browser that %s gets elements with the nonce, before all else and in order", (_, takeAway) => {
    takeAway();
    const shadow = newShadow();
    shadow.append(document.createElement("main"));
    const sheets = new StyleSheets(shadow, "abc");
    sheets.add("a{}", "b{}");
    sheets.add("b{}", "c{}");
    expect([...shadow.children].map(({ localName, textContent }) => localName + textContent)).toEqual([
      "stylea{}",
      "styleb{}",
      "stylec{}",
      "main",
    ]);
    expect([...shadow.children].slice(0, -1)).toEqual(sheets.elements);
    expect(sheets.elements.map((element) => element.getAttribute("nonce"))).toEqual(["abc", "abc", "abc"]);
    expect(shadow.host.style.position).toBe("fixed");
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });
});
