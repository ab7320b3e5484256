import { expect, test, vi } from "vitest";
import { enableRecordings } from "./recordings.js";

const CARD = `<div data-recordings data-max-seconds="120"><form data-recording-form>
  <input type="file"><p class="error"></p><button data-recording-upload></button>
  <button type="button" data-recording-start></button><button type="button" data-recording-stop></button>
  <span data-recording-time></span></form></div><div id="toasts"></div>`;

test("asks for the microphone once, however often Record is clicked, and again after a refusal", async () => {
  document.body.innerHTML = CARD;
  /** @type {(() => void)[]} */
  const refusals = [];
  const getUserMedia = vi.fn(() => new Promise((_, reject) => refusals.push(() => reject(new Error("denied")))));
  vi.stubGlobal("navigator", { mediaDevices: { getUserMedia } });
  enableRecordings(document);
  const [record, error] = [document.querySelector("[data-recording-start]"), document.querySelector(".error")];
  record.click();
  record.click();
  expect(getUserMedia).toHaveBeenCalledTimes(1);
  refusals[0]();
  await vi.waitFor(() => expect(error.textContent).toContain("The microphone cannot be used"));
  record.click();
  expect(getUserMedia).toHaveBeenCalledTimes(2);
  vi.unstubAllGlobals();
});

test("a recording that was received is not said to be lost when only the list cannot be fetched", async () => {
  document.body.innerHTML = CARD;
  const form = document.querySelector("form");
  Object.defineProperty(form.querySelector("input"), "files", { value: [new File(["sound"], "hello.wav")] });
  document.querySelector("[data-recordings]").setAttribute("data-max-bytes", "1000");
  const fetch = vi.fn(async (/** @type {string} */ _url, /** @type {RequestInit | undefined} */ options) => {
    if (!options) throw new TypeError("Failed to fetch");
    return new Response(JSON.stringify({ name: "hello", seconds: 3 }), { status: 201 });
  });
  vi.stubGlobal("fetch", fetch);
  enableRecordings(document);
  form.dispatchEvent(new Event("submit", { cancelable: true }));
  await vi.waitFor(() => expect(document.body.textContent).toContain("Recording added: hello, 3 s. Reload the page"));
  expect(document.querySelector(".error").textContent).toBe("");
  vi.unstubAllGlobals();
});
