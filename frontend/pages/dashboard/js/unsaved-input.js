/**
 * Keeps what was typed in the other forms of a page while one of them is saved, which loads the page again. Forms with
 * `data-keep-unsaved` take part; its value names the page, because the page of a refused form has the form's address.
 */

const MARK = "data-unsaved";
const TEXT = "Not saved yet";

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Field */
/** @typedef {Record<string, Record<string, string | boolean>>} Unsaved values of fields by name, by the form's address */

/** @param {Document} document */
export function keepUnsavedInput(document) {
  const forms = /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-keep-unsaved]"));
  const [first] = forms;
  if (!first) return;
  const key = `unsaved:${first.dataset.keepUnsaved}`;
  restore(forms, key);
  document.addEventListener("submit", (event) => {
    const sent = /** @type {HTMLFormElement} */ (event.target);
    if (event.defaultPrevented || sent.method !== "post") return;
    /** @type {Unsaved} */
    const unsaved = {};
    for (const form of forms) {
      const values = form === sent ? {} : changedValues(form);
      if (Object.keys(values).length > 0) unsaved[address(form)] = values;
    }
    store(key, unsaved);
  });
}

/**
 * @param {Iterable<HTMLFormElement>} forms
 * @param {string} key
 */
function restore(forms, key) {
  const unsaved = take(key);
  for (const form of forms) {
    const values = unsaved[address(form)] ?? {};
    let isRestored = false;
    for (const field of fieldsOf(form)) {
      const value = values[field.name];
      if (value === undefined) continue;
      if (isBox(field)) field.checked = value === true;
      else field.value = String(value);
      isRestored = true;
    }
    if (isRestored) mark(form);
  }
}

/**
 * The values that differ from those that the server sent; all of a form that the server refused.
 * @param {HTMLFormElement} form
 */
function changedValues(form) {
  const isRefused = form.querySelector("[aria-invalid='true'], [role='alert']") !== null;
  /** @type {Record<string, string | boolean>} */
  const values = {};
  for (const field of fieldsOf(form)) {
    if (isRefused || isChanged(field)) values[field.name] = isBox(field) ? field.checked : field.value;
  }
  return values;
}

/**
 * @param {Field} field
 * @returns {boolean}
 */
function isChanged(field) {
  if (isBox(field)) return field.checked !== field.defaultChecked;
  if (!(field instanceof HTMLSelectElement)) return field.value !== field.defaultValue;
  const options = [...field.options];
  const sent = options.find((option) => option.defaultSelected) ?? options[0];
  return field.value !== sent?.value;
}

/**
 * Without hidden fields: the token against forged requests is never stored.
 * @param {HTMLFormElement} form
 */
function fieldsOf(form) {
  const fields = /** @type {Field[]} */ ([...form.querySelectorAll("input[name], select[name], textarea[name]")]);
  return fields.filter(({ type }) => type !== "hidden" && type !== "password" && type !== "file");
}

/**
 * @param {Field} field
 * @returns {field is HTMLInputElement}
 */
function isBox(field) {
  return field.type === "checkbox";
}

/** @param {HTMLFormElement} form */
function address(form) {
  return form.getAttribute("action") ?? "";
}

/** @param {HTMLFormElement} form */
function mark(form) {
  const note = form.ownerDocument.createElement("span");
  note.className = "badge warn";
  note.setAttribute(MARK, "");
  note.textContent = TEXT;
  form.querySelector(".actions")?.append(note);
}

/**
 * @param {string} key
 * @returns {Unsaved}
 */
function take(key) {
  try {
    const stored = sessionStorage.getItem(key);
    sessionStorage.removeItem(key);
    return stored ? JSON.parse(stored) : {};
  } catch {
    // The browser keeps nothing for this site.
    return {};
  }
}

/**
 * @param {string} key
 * @param {Unsaved} unsaved
 */
function store(key, unsaved) {
  try {
    if (Object.keys(unsaved).length > 0) sessionStorage.setItem(key, JSON.stringify(unsaved));
    else sessionStorage.removeItem(key);
  } catch {
    // The browser keeps nothing for this site, or no more.
  }
}
