import { expect, test } from "vitest";
import { enableForms } from "./forms.js";

test("a form that the server would not read stays with its text and an error at the longest field", () => {
  document.body.innerHTML = `<form method="post" action="/call"><input type="hidden" name="csrf_token" value="t">
    <input name="outcome"><textarea id="f-note" name="note"></textarea><button>Save</button></form>`;
  enableForms(document);
  const form = /** @type {HTMLFormElement} */ (document.querySelector("form"));
  const note = /** @type {HTMLTextAreaElement} */ (document.querySelector("textarea"));
  const submit = () => {
    const event = new SubmitEvent("submit", { bubbles: true, cancelable: true });
    form.dispatchEvent(event);
    return !event.defaultPrevented;
  };
  // Each line break is sent as six characters.
  note.value = "\n".repeat(11_000);
  expect(submit()).toBe(false);
  expect(note.value).toHaveLength(11_000);
  expect(form.textContent).toContain("This text is too long to be sent. Shorten it and try again");
  expect(note.getAttribute("aria-invalid")).toBe("true");
  expect(document.activeElement).toBe(note);

  note.value = "\n".repeat(10_000);
  expect(submit()).toBe(true);
  expect(form.textContent).not.toContain("too long");
  expect(submit()).toBe(false); // sent already
});

test("a half-typed date keeps the form on the page with an error beside it", () => {
  document.body.innerHTML = `<form method="get" action="/calls"><input type="date" name="since"></form>`;
  enableForms(document);
  const form = /** @type {HTMLFormElement} */ (document.querySelector("form"));
  const since = /** @type {HTMLInputElement} */ (document.querySelector("input"));
  const submit = () => form.dispatchEvent(new SubmitEvent("submit", { bubbles: true, cancelable: true }));
  let isHalfTyped = true;
  // Only a person's keys make this state.
  Object.defineProperty(since, "validity", { get: () => ({ badInput: isHalfTyped }) });
  expect(submit()).toBe(false);
  expect(form.textContent).toContain("Enter the whole date, or leave the field empty");
  expect(document.activeElement).toBe(since);

  isHalfTyped = false;
  expect(submit()).toBe(true);
  expect(form.textContent).not.toContain("whole date");
  expect(since.hasAttribute("aria-invalid")).toBe(false);
});
