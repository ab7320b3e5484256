import { sameNumber } from "./format.js";

/** The contact list: search, rows added later, and the name behind a number. */
export function createContacts(document) {
  const body = document.getElementById("contacts");
  const search = document.getElementById("search");
  const count = document.getElementById("count");
  const noMatch = document.getElementById("no-match");
  const template = document.getElementById("contact-row");

  const rows = () => [...body.rows];
  const typedNumber = (row) => row.querySelector("[data-phone]").dataset.phone;
  const rowOf = (number) => rows().find((row) => sameNumber(number, typedNumber(row)));

  function matches(row, query) {
    const words =
      `${row.querySelector(".name").textContent} ${row.querySelector(".company").textContent}`.toLowerCase();
    const wanted = query.replace(/\D/g, "");
    // Letters search names; a query of digits and separators alone searches numbers, however either is punctuated.
    const isNumber = wanted !== "" && /^[\d\s().+-]+$/.test(query);
    return words.includes(query) || (isNumber && typedNumber(row).replace(/\D/g, "").includes(wanted));
  }

  function filter() {
    const query = search.value.trim().toLowerCase();
    for (const row of rows()) row.hidden = !matches(row, query);
    const shown = rows().filter((row) => !row.hidden).length;
    const total = body.rows.length;
    count.textContent = shown === total ? `${total} contacts` : `${shown} of ${total} contacts`;
    noMatch.hidden = shown > 0;
  }

  function add({ name, company, phone }) {
    const row = template.content.firstElementChild.cloneNode(true);
    const button = row.querySelector("[data-phone]");
    button.dataset.phone = phone;
    button.querySelector("bdi").textContent = phone;
    row.querySelector(".name").textContent = name;
    row.querySelector(".company").textContent = company;
    row.querySelector(".avatar").textContent = initials(name);
    body.prepend(row);
    search.value = "";
    filter();
    button.focus();
  }

  search.addEventListener("input", filter);
  wireDialog(document, add);

  return {
    /** The name of the contact or scripted number behind an E.164 number, or null. */
    nameOf(number) {
      const scripted = document.querySelector(`[data-name][data-phone="${CSS.escape(number)}"]`);
      return rowOf(number)?.querySelector(".name").textContent ?? scripted?.dataset.name ?? null;
    },
    /** Notes on its contact that the E.164 number was just called. */
    touch(number) {
      const row = rowOf(number);
      if (row) row.querySelector(".touch").textContent = "Call, just now";
    },
  };
}

function wireDialog(document, add) {
  const dialog = document.getElementById("add-dialog");
  const form = document.getElementById("add-form");
  document.getElementById("add-contact").addEventListener("click", () => dialog.showModal());
  document.getElementById("add-cancel").addEventListener("click", () => dialog.close());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const fields = new FormData(form);
    const text = (name) => fields.get(name).trim();
    dialog.close();
    add({ name: text("name") || text("phone"), company: text("company"), phone: text("phone") });
    form.reset();
  });
}

function initials(name) {
  return name
    .split(/\s+/)
    .slice(0, 2)
    .map((part) => [...part][0])
    .join("")
    .toUpperCase();
}
