/** Checks the validation of a page's settings. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SESSION_SETTINGS, validSettings } from "./settings.js";

let warn;
beforeEach(() => {
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.stubGlobal("CSS", { supports: (_, value) => /^(#[0-9a-f]{6}|red)$/.test(value) });
});
afterEach(() => {
  vi.unstubAllGlobals();
  warn.mockRestore();
});

test.each([
  [{ position: "bottom-left", offsetX: 8, offsetY: "12px" }],
  [{ theme: "dark", color: "#0b5fff", locale: "es-MX" }],
  [{ container: "#crm > .phone", texts: { core: { call: "Ring" } } }],
  [{ telOnPhones: "native" }],
  [{ position: null, color: null, container: null, confirm: null }],
])("%j are taken as they are", (settings) => {
  expect(validSettings(settings)).toEqual(settings);
  expect(warn).not.toHaveBeenCalled();
});

test.each([true, false, "on", "off", "true", "FALSE"])("a switch takes %j", (value) => {
  const word = String(value).toLowerCase();
  const names = ["clickToCall", "hidden", "confirm", "dialpad", "popOut", "debug"];
  const given = Object.fromEntries(names.map((name) => [name, value]));
  expect(validSettings(given)).toEqual(Object.fromEntries(names.map((name) => [name, word])));
  expect(warn).not.toHaveBeenCalled();
});

test.each([
  [{ position: "top" }, "position must be one of bottom-right, bottom-left"],
  [{ theme: 7 }, "theme must be one of auto, light, dark"],
  [{ color: "seaweed" }, "color has an invalid value"],
  [{ offsetX: "wide" }, "offsetX has an invalid value"],
  [{ locale: " " }, "locale has an invalid value"],
  [{ hidden: "perhaps" }, "hidden must be one of on, off, true, false, 1, 0"],
  [{ container: "#!" }, "container has an invalid value"],
  [{ texts: ["Ring"] }, "texts has an invalid value"],
  [{ telOnPhones: "on" }, "telOnPhones must be one of native, phone"],
  [{ colour: "red" }, "colour is not a setting"],
  [{ constructor: "red" }, "constructor is not a setting"],
])("%j is ignored with a warning", (settings, warning) => {
  expect(validSettings({ ...settings, theme: settings.theme ?? "dark" })).toEqual(
    "theme" in settings ? {} : { theme: "dark" },
  );
  expect(warn.mock.calls).toEqual([[`[EpochPhone] ignored settings: ${warning}`]]);
});

test("one warning names all, and no value is in it", () => {
  validSettings({ theme: "ept_secret", position: "+12125550101", token: "ept_other" }, SESSION_SETTINGS);
  expect(warn).toHaveBeenCalledOnce();
  const [[message]] = warn.mock.calls;
  expect(message).toContain("theme must be one of");
  expect(message).toContain("token is set by init()");
  expect(message).not.toMatch(/secret|555/);
});

test.each([null, undefined, "dark", 7])("%j holds no settings", (given) => {
  expect(validSettings(given)).toEqual({});
});
