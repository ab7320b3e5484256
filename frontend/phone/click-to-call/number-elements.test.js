/** Checks what is added to a page's elements with a phone number: focus, role, title, text, styles. */
import { afterEach, expect, test } from "vitest";
import { readNumber } from "../numbers/read-number.js";
import { hasNumber, NumberElements, numberTextOf } from "./number-elements.js";
import { styleNumbers } from "./styles.js";

const US = { country: "US", calling_code: "1", trunk_prefix: "1", international_prefix: "011" };
const format = (number) => number.replace(/^\+1(...)(...)(....)$/, "+1 $1-$2-$3");

const start = (markup, texts = {}) => {
  document.body.innerHTML = markup;
  const own = { getCountry: () => US, readNumber: (text) => readNumber(text, US), format, title: "Call {number}" };
  const numbers = new NumberElements({ ...own, ...texts });
  const elements = [...document.body.querySelectorAll("*")];
  const forEachElement = (act) => elements.forEach((element) => act(element));
  forEachElement((element) => numbers.enhance(element));
  return { numbers, forEachElement };
};
afterEach(() => document.body.replaceChildren());

test.each([
  [
    '<b data-phone="2125550101">Ada</b>',
    '<b data-phone="2125550101" tabindex="0" role="button" title="Call +1 212-555-0101">Ada</b>',
  ],
  ['<a href="tel:2125550101">Ada</a>', '<a href="tel:2125550101" title="Call +1 212-555-0101">Ada</a>'],
  ['<a href="TEL:911">Help</a>', '<a href="TEL:911">Help</a>'],
  ['<b data-phone="+12125550101" title="Office">Ada</b>', null],
  ['<button data-phone="+12125550101">Ada</button>', null],
  ['<div role="link" tabindex="0" data-phone="+12125550101">Ada</div>', null],
])("what is added to %s can be taken back", (markup, expected) => {
  const { numbers, forEachElement } = start(markup);
  const element = document.body.firstElementChild;
  if (expected) expect(document.body.innerHTML).toBe(expected);
  else expect(element.getAttribute("title")).toBe(markup.includes("title=") ? "Office" : "Call +1 212-555-0101");
  expect(element.getAttribute("role")).toBe(
    markup.startsWith("<b ") ? "button" : markup.includes("role=") ? "link" : null,
  );
  forEachElement((element) => numbers.restore(element));
  expect(document.body.innerHTML).toBe(markup);
});

test.each([
  ['<a href="  tel:+12125550101">Ada</a>', "  tel:+12125550101"],
  ['<a href="TEL://+12125550101">Ada</a>', "TEL://+12125550101"],
  ['<a href="callto:+12125550101">Ada</a>', "callto:+12125550101"],
  ['<map><area href="tel:+12125550101"></map>', "tel:+12125550101"],
  ['<svg><a xlink:href="tel:+12125550101"></a></svg>', "tel:+12125550101"],
  ['<svg><a href="tel:+12125550101"></a></svg>', "tel:+12125550101"],
  ['<input type="button" data-phone="" value="+12125550101">', "+12125550101"],
  ['<a href="/people/1" data-phone=""> +12125550101 </a>', "+12125550101"],
  ['<a href="sip:ada@example.com">Ada</a>', null],
  ['<a href="https://x.example/?tel:+12125550101">Ada</a>', null],
  ['<link href="tel:+12125550101">', null],
])("the number of %s is %s, and the element is as it was afterwards", (markup, text) => {
  const { forEachElement, numbers } = start(markup);
  const element = document.body.querySelector("a, area, input, link");
  expect(hasNumber(element) ? numberTextOf(element) : null).toBe(text);
  expect([element.getAttribute("role"), element.getAttribute("tabindex")]).toEqual([null, null]);
  forEachElement((element) => numbers.restore(element));
  expect(document.body.innerHTML).toBe(markup);
});

test.each(["input type='button'", "area", "img"])("nothing is written into <%s>, which shows no text", (name) => {
  start(`<${name} data-phone="+12125550101">`);
  expect(document.body.firstElementChild.textContent).toBe("");
});

test("a label and a cell keep their roles", () => {
  start('<label data-phone="+12125550101">Ada</label>');
  expect(document.body.firstElementChild.outerHTML).toBe(
    '<label data-phone="+12125550101" tabindex="0" title="Call +1 212-555-0101">Ada</label>',
  );
});

test("the title follows the number, and a title of the page stays", () => {
  const { numbers } = start('<b data-phone="+12125550101">Ada</b>');
  const element = document.body.firstElementChild;
  element.setAttribute("data-phone", "+12125550102");
  numbers.enhance(element);
  expect(element.title).toBe("Call +1 212-555-0102");
  element.title = "Office";
  numbers.enhance(element);
  numbers.restore(element);
  expect(element.title).toBe("Office");
});

test("no title is set before the organization's country and the formats are known", () => {
  const markup = '<a href="tel:+12125550101">Ada</a>';
  start(markup, { getCountry: () => null });
  expect(document.body.innerHTML).toBe(markup);
  start(markup, { format: null });
  expect(document.body.innerHTML).toBe(markup);
});

test("the style sheet leaves those of the page where they are", () => {
  const page = { adoptedStyleSheets: ["of the page"] };
  const remove = styleNumbers(page);
  expect(page.adoptedStyleSheets).toHaveLength(2);
  page.adoptedStyleSheets.push("later");
  remove();
  expect(page.adoptedStyleSheets).toEqual(["of the page", "later"]);
});
