/** Checks the call bar: its mute button, its name, and the announced end of a call. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { core } from "../../i18n/locales/en.js";
import { CallBar } from "./call-bar.js";

const NUMBER = "+12125550123";

describe("CallBar", () => {
  let root;
  let phone;
  let panel;
  let bar;
  const update = (view) => bar.update({ announcement: "", peer: NUMBER, ...view }, phone.isInCall);
  beforeEach(() => {
    vi.useFakeTimers();
    root = document.createElement("div");
    document.body.append(root);
    phone = { isInCall: true, isMuted: false, call: { number: NUMBER, ended: null } };
    phone.mute = vi.fn((isMuted) => {
      phone.isMuted = isMuted;
      update({ status: "" });
    });
    panel = { phone, texts: { core }, isOpen: false, open: vi.fn(), render: () => {}, env: { window } };
    bar = new CallBar(panel, { root, format: (number) => number, hangUp: () => {} });
  });
  afterEach(() => {
    bar.stop();
    root.remove();
    vi.useRealTimers();
  });
  const click = (selector) =>
    root.querySelector(selector).dispatchEvent(new MouseEvent("click", { bubbles: true, composed: true }));

  test("a click on the icon of Mute mutes, and leaves the panel closed", () => {
    update({ status: "" });
    click(".mute path");
    click(".mute path");
    expect(phone.mute.mock.calls).toEqual([[true], [false]]);
    expect(panel.open).not.toHaveBeenCalled();
    click(".bar-title");
    expect(panel.open).toHaveBeenCalledOnce();
  });

  test("is named after the state of the call", () => {
    const names = [core.calling, core.ringing, ""].map((status) => {
      update({ status });
      return root.querySelector("[role=group]").getAttribute("aria-label");
    });
    expect(names).toEqual(["Calling…", "Ringing…", "In call"]);
  });

  test("says the end of a call once where the advice begins with the sentence", () => {
    update({ status: "" });
    Object.assign(phone, { isInCall: false });
    phone.call.ended = { status: "refused" };
    const message = { message: "Too many calls", fix: "Too many calls today. Wait until midnight (UTC)." };
    expect(update({ message })).toBe(message.fix);
    expect(root.querySelector(".end .bar-title").textContent).toBe("Too many calls");
  });
});
