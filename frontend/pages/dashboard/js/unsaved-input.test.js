import { beforeEach, expect, test } from "vitest";
import { keepUnsavedInput } from "./unsaved-input.js";

const PAGE = (greeting = "", error = "") => `
  <form method="post" action="/page/hours" data-keep-unsaved="/page"><input type="hidden" name="csrf_token" value="t">
    <input name="mon" value="09:00-17:00"><div class="actions"><button>Save hours</button></div></form>
  <form method="post" action="/page/greeting" data-keep-unsaved="/page"><input type="hidden" name="csrf_token" value="t">
    ${error}<textarea name="greeting">${greeting}</textarea><input type="checkbox" name="press_9" value="yes" checked>
    <select name="language"><option value="en">English</option><option value="de" selected>Deutsch</option></select>
    <div class="actions"><button>Save greeting</button></div></form>
  <form method="post" action="/page/remove"><button>Remove</button></form>`;

/** @type {Document} */
let page;

/** @param {string} selector */
const field = (selector) => /** @type {any} */ (page.querySelector(selector));

/** @param {string} html */
function load(html) {
  page = document.implementation.createHTMLDocument();
  page.body.innerHTML = html;
  keepUnsavedInput(page);
}

/** @param {string} action */
function submit(action) {
  field(`form[action='${action}']`).dispatchEvent(new SubmitEvent("submit", { bubbles: true, cancelable: true }));
}

beforeEach(() => sessionStorage.clear());

test("puts back what was typed in the other forms, once, and marks it", () => {
  load(PAGE());
  field("[name=mon]").value = "10:00-11:00";
  field("[name=greeting]").value = "Hello";
  field("[name=press_9]").checked = false;
  field("[name=language]").value = "en";
  submit("/page/hours");
  expect(sessionStorage.getItem("unsaved:/page")).not.toContain("csrf_token");
  load(PAGE());
  expect(field("[name=greeting]").value).toBe("Hello");
  expect(field("[name=press_9]").checked).toBe(false);
  expect(field("[name=language]").value).toBe("en");
  expect(field("[name=mon]").value).toBe("09:00-17:00");
  expect(field("form[action='/page/greeting'] [data-unsaved]").textContent).toBe("Not saved yet");
  expect(page.querySelectorAll("[data-unsaved]").length).toBe(1);
  expect(sessionStorage.length).toBe(0);
  load(PAGE());
  expect(field("[name=greeting]").value).toBe("");
});

test("keeps the input of a refused form while another one is saved", () => {
  load(PAGE("Refused text", `<p role="alert">Too long</p>`));
  submit("/page/hours");
  load(PAGE("Stored text"));
  expect(field("[name=greeting]").value).toBe("Refused text");
});

test("keeps the input of all forms while something else of the page is sent", () => {
  load(PAGE());
  field("[name=mon]").value = "10:00-11:00";
  submit("/page/remove");
  load(PAGE());
  expect(field("[name=mon]").value).toBe("10:00-11:00");
});

test("stores nothing when nothing else was typed", () => {
  load(PAGE());
  field("[name=mon]").value = "10:00-11:00";
  submit("/page/hours");
  expect(sessionStorage.length).toBe(0);
});
