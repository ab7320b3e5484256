/** The demo page's contact list: searches and adds contacts, finds a number's name, and notes calls at a contact. */
import { elementById, find } from "../shared/dom.js";
import { isSameNumber } from "./format.js";

/** @typedef {{name: string, company: string, phone: string}} Contact */

/** @param {Document} document */
export function createContacts(document) {
  const body = /** @type {HTMLTableSectionElement} */ (elementById("contacts", document));
  const search = /** @type {HTMLInputElement} */ (elementById("search", document));
  const count = elementById("count", document);
  const noMatchNote = elementById("no-match", document);
  const template = /** @type {HTMLTemplateElement} */ (elementById("contact-row", document));

  const rows = () => [...body.rows];
  /** @param {HTMLTableRowElement} row */
  const numberOf = (row) => find(row, "[data-phone]").dataset.phone ?? "";
  /** @param {string} number */
  const rowOf = (number) => rows().find((row) => isSameNumber(number, numberOf(row)));

  /**
   * @param {HTMLTableRowElement} row
   * @param {string} query
   */
  function matches(row, query) {
    const text = `${find(row, ".name").textContent} ${find(row, ".company").textContent}`.toLowerCase();
    const queryDigits = query.replace(/\D/g, "");
    // Letters search names; a query of digits and separators alone searches numbers in any format.
    const isNumber = queryDigits !== "" && /^[\d\s().+-]+$/.test(query);
    return text.includes(query) || (isNumber && numberOf(row).replace(/\D/g, "").includes(queryDigits));
  }

  function filter() {
    const query = search.value.trim().toLowerCase();
    for (const row of rows()) row.hidden = !matches(row, query);
    const visible = rows().filter((row) => !row.hidden).length;
    const total = body.rows.length;
    count.textContent = visible === total ? `${total} contacts` : `${visible} of ${total} contacts`;
    noMatchNote.hidden = visible > 0;
  }

  /** @param {Contact} contact */
  function add({ name, company, phone }) {
    const row = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
    const button = find(row, "[data-phone]");
    button.dataset.phone = phone;
    button.dataset.phoneName = name;
    find(button, "bdi").textContent = phone;
    find(row, ".name").textContent = name;
    find(row, ".company").textContent = company;
    find(row, ".avatar").textContent = initialsOf(name);
    body.prepend(row);
    search.value = "";
    filter();
    button.focus();
  }

  search.addEventListener("input", filter);
  enableAddDialog(document, add);

  return {
    /**
     * The name of the contact or scripted number with this E.164 number, or null.
     * @param {string} number
     * @returns {string | null}
     */
    nameOf(number) {
      const row = rowOf(number);
      if (row) return find(row, ".name").textContent;
      /** @type {HTMLElement | null} */
      const scripted = document.querySelector(`.far[data-phone="${CSS.escape(number)}"]`);
      return scripted?.dataset.phoneName ?? null;
    },
    /**
     * Show at the contact with this E.164 number that it was just called.
     * @param {string} number
     */
    noteCall(number) {
      const row = rowOf(number);
      if (row) find(row, ".touch").textContent = "Call, just now";
    },
  };
}

/**
 * @param {Document} document
 * @param {(contact: Contact) => void} onAdd
 */
function enableAddDialog(document, onAdd) {
  const dialog = /** @type {HTMLDialogElement} */ (elementById("add-dialog", document));
  const form = /** @type {HTMLFormElement} */ (elementById("add-form", document));
  elementById("add-contact", document).addEventListener("click", () => dialog.showModal());
  elementById("add-cancel", document).addEventListener("click", () => dialog.close());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const fields = new FormData(form);
    /** @param {keyof Contact} name */
    const valueOf = (name) => String(fields.get(name) ?? "").trim();
    dialog.close();
    onAdd({ name: valueOf("name") || valueOf("phone"), company: valueOf("company"), phone: valueOf("phone") });
    form.reset();
  });
}

/** @param {string} name */
function initialsOf(name) {
  return name
    .split(/\s+/)
    .slice(0, 2)
    .map((part) => [...part][0])
    .join("")
    .toUpperCase();
}
