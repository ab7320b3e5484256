/** Adds to the elements of a page that have a number what they lack: keyboard focus, a title, the number as text. */

/** @import { CountryFields, NumberReading } from "../types.d.ts" */

const XLINK_NAMESPACE = "http://www.w3.org/1999/xlink";
// `*|href` is also the `xlink:href` of links in SVG.
export const LINKS = ":is(a, area)[*|href]";
// More than the elements with a number, which `hasNumber` tells: addresses may begin with spaces.
export const CANDIDATES = `[data-phone], ${LINKS}[*|href*="tel:" i], ${LINKS}[*|href*="callto:" i]`;
const SCHEME = /^\s*(?:tel|callto):/i;
const BUTTONS = "button, input:is([type=button i], [type=submit i], [type=reset i], [type=image i])";
export const FIELDS = `input:not(${BUTTONS}), textarea, select`;
// The browser turns Enter, or Space too, into a click on these.
export const PRESSABLE = `${LINKS}, ${BUTTONS}, summary`;
// Elements that do something of their own when clicked, also inside an element with a number.
export const CONTROLS = `${PRESSABLE}, ${FIELDS}, label, audio, video, [role=button], [role=link]`;
// A selector, because thousands of elements are visited: `isContentEditable` makes the browser compute styles each time.
const EDITORS = "[contenteditable]:not([contenteditable=false])";
const FOCUSABLE = `${PRESSABLE}, [tabindex]`;
// These have a role for assistive technology already; a table whose cells are buttons is not a table.
const STRUCTURE = "td, th, tr, li, dt, dd, label, [role]";
// They show no text of their own.
const WITHOUT_TEXT = "input, area, img, audio, video, canvas, iframe, object, embed, svg";

/**
 * The text with the number of an element.
 * @param {Element} element
 */
export const numberTextOf = (element) =>
  element.getAttribute("data-phone")?.trim() ||
  (isNumberLink(element) ? addressOf(element) : "") ||
  /** @type {HTMLInputElement} */ (element).value ||
  element.textContent?.trim() ||
  "";

/** @param {Element} element */
const addressOf = (element) => element.getAttribute("href") ?? element.getAttributeNS(XLINK_NAMESPACE, "href") ?? "";

/**
 * True for a link whose address is a number.
 * @param {Element} element
 */
const isNumberLink = (element) => element.matches(LINKS) && SCHEME.test(addressOf(element));

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
 * @property {string} title The hint, with `{number}`.
 */

export class NumberElements {
  #texts;
  /**
   * Elements that got a tabindex, with the role that was added too, or null.
   * @type {WeakMap<Element, string | null>}
   */
  #focusable = new WeakMap();
  /**
   * Elements whose number was written here, with that text.
   * @type {WeakMap<Element, string>}
   */
  #filled = new WeakMap();
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
   * Add to `element` what is missing, or take it back if the element has no number any more.
   * @param {Element} element
   */
  visit(element) {
    if (!element.isConnected) return;
    if (!hasNumber(element)) this.restore(element);
    else if (!element.matches(FIELDS) && !element.closest(EDITORS)) {
      if (element.hasAttribute("data-phone")) {
        this.#makeFocusable(element);
        this.#fill(element);
      }
      this.#setTitle(element);
    }
  }

  /**
   * Take everything back from `element`.
   * @param {Element} element
   */
  restore(element) {
    if (this.#filled.get(element) === element.textContent) {
      element.textContent = "";
      element.removeAttribute("dir");
    }
    this.#filled.delete(element);
    if (this.#hasOwnTitle(element)) element.removeAttribute("title");
    this.#titles.delete(element);
    if (!this.#focusable.has(element)) return;
    element.removeAttribute("tabindex");
    if (this.#focusable.get(element)) element.removeAttribute("role");
    this.#focusable.delete(element);
  }

  /**
   * True if the page removed what was added to `element`, as frameworks do that morph elements into the server's markup.
   * @param {Element} element
   */
  isUndone(element) {
    return (
      (this.#focusable.has(element) && !element.hasAttribute("tabindex")) ||
      Boolean(this.#focusable.get(element) && !element.hasAttribute("role")) ||
      (this.#filled.has(element) && !element.firstChild) ||
      (this.#titles.has(element) && !element.hasAttribute("title"))
    );
  }

  /** @param {Element} element */
  #makeFocusable(element) {
    if (!this.#focusable.has(element)) {
      if (element.matches(FOCUSABLE) || element.parentElement?.closest(CONTROLS)) return;
      this.#focusable.set(element, element.matches(STRUCTURE) ? null : "button");
    }
    const role = this.#focusable.get(element);
    if (!element.hasAttribute("tabindex")) element.setAttribute("tabindex", "0");
    if (role && !element.hasAttribute("role")) element.setAttribute("role", role);
  }

  /**
   * Write the number into an element that is empty but for its `data-phone`.
   * @param {Element} element
   */
  #fill(element) {
    if (element.shadowRoot || element.matches(WITHOUT_TEXT)) return;
    const isOwnText = this.#filled.has(element) && this.#filled.get(element) === element.textContent;
    if (!isOwnText && (element.firstElementChild || element.textContent?.trim())) return;
    const text = this.#format(element.getAttribute("data-phone"), { isShort: true });
    if (!text || text === element.textContent) return;
    element.textContent = text;
    this.#filled.set(element, text);
    // Digits and signs keep their order in a page that is read from right to left.
    if (!element.hasAttribute("dir")) element.setAttribute("dir", "ltr");
  }

  /**
   * Say on hovering what a click does, unless the page says something of its own.
   * @param {Element} element
   */
  #setTitle(element) {
    // SVG elements have no property `title`.
    if (!("title" in element) || (element.hasAttribute("title") && !this.#hasOwnTitle(element))) return;
    const number = this.#format(numberTextOf(element));
    const title = number && this.#texts.title.replace("{number}", number);
    if (!title || title === element.getAttribute("title")) return;
    this.#titles.set(element, title);
    element.setAttribute("title", title);
  }

  /** @param {Element} element */
  #hasOwnTitle(element) {
    return this.#titles.has(element) && this.#titles.get(element) === element.getAttribute("title");
  }

  /**
   * `text` for reading; in the organization's own country, where `isShort`, as it is dialled there. Null if it is not a
   * number, or while that is not known.
   * @param {string | null} text
   * @param {{isShort?: boolean}} [options]
   */
  #format(text, { isShort = false } = {}) {
    const { getCountry, readNumber, format } = this.#texts;
    const country = getCountry();
    if (!country || !format) return null;
    const [candidate, another] = readNumber(text).candidates;
    if (!candidate || candidate.isDoubtful || another) return null;
    const { number } = candidate;
    const national = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number);
    if (isShort && country.calling_code === "1" && national) return `(${national[1]}) ${national[2]}-${national[3]}`;
    return format(number);
  }
}
