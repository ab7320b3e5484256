/**
 * Finds the page's elements that have a phone number, and adds what they lack: keyboard focus, a title, the number as
 * text.
 */

/** @import { CountryFields, NumberReading } from "../types.d.ts" */

const XLINK_NAMESPACE = "http://www.w3.org/1999/xlink";
// `*|href` is also the `xlink:href` of links in SVG.
export const LINKS = ":is(a, area)[*|href]";
// With `*=`, because a URL may begin with spaces. This also matches elements without a number, which `hasNumber` excludes.
export const CANDIDATES = `[data-phone], ${LINKS}[*|href*="tel:" i], ${LINKS}[*|href*="callto:" i]`;
const SCHEME = /^\s*(?:tel|callto):/i;
const BUTTONS = "button, input:is([type=button i], [type=submit i], [type=reset i], [type=image i])";
export const FIELDS = `input:not(${BUTTONS}), textarea, select`;
// The browser turns Enter, and on some of these also Space, into a click.
export const PRESSABLE_ELEMENTS = `${LINKS}, ${BUTTONS}, summary`;
// Elements with an action for a click. Inside an element with a number, a click on them does not call.
export const CONTROLS = `${PRESSABLE_ELEMENTS}, ${FIELDS}, label, audio, video, [role=button], [role=link]`;
// A selector, because thousands of elements are visited: `isContentEditable` makes the browser compute styles each time.
const EDITORS = "[contenteditable]:not([contenteditable=false])";
const FOCUSABLE_ELEMENTS = `${PRESSABLE_ELEMENTS}, [tabindex]`;
// Elements that keep their role for assistive technology: a table whose cells are buttons would not be a table.
const STRUCTURE = "td, th, tr, li, dt, dd, label, [role]";
// Elements that do not show their text content.
const WITHOUT_TEXT = "input, area, img, audio, video, canvas, iframe, object, embed, svg";

/**
 * The text of an element in which its number is written.
 * @param {Element} element
 */
export const numberTextOf = (element) =>
  element.getAttribute("data-phone")?.trim() ||
  (isNumberLink(element) ? hrefOf(element) : "") ||
  /** @type {HTMLInputElement} */ (element).value ||
  element.textContent?.trim() ||
  "";

/** @param {Element} element */
const hrefOf = (element) => element.getAttribute("href") ?? element.getAttributeNS(XLINK_NAMESPACE, "href") ?? "";

/**
 * True for a link to a `tel:` or `callto:` URL.
 * @param {Element} element
 */
const isNumberLink = (element) => element.matches(LINKS) && SCHEME.test(hrefOf(element));

/**
 * True for an element with a number to call.
 * @param {Element} element
 */
export const hasNumber = (element) => element.hasAttribute("data-phone") || isNumberLink(element);

/**
 * @typedef {object} NumberTexts
 * @property {() => CountryFields | null} getCountry The organization's; null while it is not known.
 * @property {(text: string | null) => NumberReading} readNumber
 * @property {((number: string) => string) | null} format Formats E.164 for reading; null until it is loaded.
 * @property {string} title The text of the title, with `{number}`.
 */

export class NumberElements {
  #texts;
  /**
   * Elements that got a tabindex, with the role that they got too, or null.
   * @type {WeakMap<Element, string | null>}
   */
  #focusable = new WeakMap();
  /**
   * Elements into which the number was written, with that text.
   * @type {WeakMap<Element, string>}
   */
  #numberTexts = new WeakMap();
  /**
   * Elements that got a title, with that text.
   * @type {WeakMap<Element, string>}
   */
  #titles = new WeakMap();

  /** @param {NumberTexts} texts Its `format` may be set later. */
  constructor(texts) {
    this.#texts = texts;
  }

  /**
   * Add to `element` what is missing; restore it if it has no number any more.
   * @param {Element} element
   */
  enhance(element) {
    if (!element.isConnected) return;
    if (!hasNumber(element)) this.restore(element);
    else if (!element.matches(FIELDS) && !element.closest(EDITORS)) {
      if (element.hasAttribute("data-phone")) {
        this.#makeFocusable(element);
        this.#writeNumber(element);
      }
      this.#setTitle(element);
    }
  }

  /**
   * Remove everything that was added to `element`.
   * @param {Element} element
   */
  restore(element) {
    if (this.#numberTexts.get(element) === element.textContent) {
      element.textContent = "";
      element.removeAttribute("dir");
    }
    this.#numberTexts.delete(element);
    if (this.#hasAddedTitle(element)) element.removeAttribute("title");
    this.#titles.delete(element);
    if (!this.#focusable.has(element)) return;
    element.removeAttribute("tabindex");
    if (this.#focusable.get(element)) element.removeAttribute("role");
    this.#focusable.delete(element);
  }

  /**
   * True if the page removed something that was added to `element`, as frameworks do when they hydrate the
   * server's markup.
   * @param {Element} element
   */
  isUndone(element) {
    return (
      (this.#focusable.has(element) && !element.hasAttribute("tabindex")) ||
      Boolean(this.#focusable.get(element) && !element.hasAttribute("role")) ||
      (this.#numberTexts.has(element) && !element.firstChild) ||
      (this.#titles.has(element) && !element.hasAttribute("title"))
    );
  }

  /** @param {Element} element */
  #makeFocusable(element) {
    if (!this.#focusable.has(element)) {
      if (element.matches(FOCUSABLE_ELEMENTS) || element.parentElement?.closest(CONTROLS)) return;
      this.#focusable.set(element, element.matches(STRUCTURE) ? null : "button");
    }
    const role = this.#focusable.get(element);
    if (!element.hasAttribute("tabindex")) element.setAttribute("tabindex", "0");
    if (role && !element.hasAttribute("role")) element.setAttribute("role", role);
  }

  /**
   * Write the number into an empty element with `data-phone`.
   * @param {Element} element
   */
  #writeNumber(element) {
    if (element.shadowRoot || element.matches(WITHOUT_TEXT)) return;
    const isAddedText = this.#numberTexts.has(element) && this.#numberTexts.get(element) === element.textContent;
    if (!isAddedText && (element.firstElementChild || element.textContent?.trim())) return;
    const text = this.#format(element.getAttribute("data-phone"), { isShort: true });
    if (!text || text === element.textContent) return;
    element.textContent = text;
    this.#numberTexts.set(element, text);
    // Digits and signs keep their order in a page that is read from right to left.
    if (!element.hasAttribute("dir")) element.setAttribute("dir", "ltr");
  }

  /**
   * Set a title that says what a click does, unless the page has set one.
   * @param {Element} element
   */
  #setTitle(element) {
    // SVG elements have no property `title`.
    if (!("title" in element) || (element.hasAttribute("title") && !this.#hasAddedTitle(element))) return;
    const number = this.#format(numberTextOf(element));
    const title = number && this.#texts.title.replace("{number}", number);
    if (!title || title === element.getAttribute("title")) return;
    this.#titles.set(element, title);
    element.setAttribute("title", title);
  }

  /** @param {Element} element */
  #hasAddedTitle(element) {
    return this.#titles.has(element) && this.#titles.get(element) === element.getAttribute("title");
  }

  /**
   * The number in `text`, formatted for reading: in international format, or with `isShort` in national format for a
   * number of an organization in North America. Null if `text` is not one clear number, or while the organization's
   * country is not known.
   * @param {string | null} text
   * @param {{isShort?: boolean}} [options]
   */
  #format(text, { isShort = false } = {}) {
    const { getCountry, readNumber, format } = this.#texts;
    const country = getCountry();
    if (!country || !format) return null;
    const [candidate, otherCandidate] = readNumber(text).candidates;
    if (!candidate || candidate.isDoubtful || otherCandidate) return null;
    const { number } = candidate;
    const national = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number);
    if (isShort && country.calling_code === "1" && national) return `(${national[1]}) ${national[2]}-${national[3]}`;
    return format(number);
  }
}
