/**
 * Keeps what was typed into the other forms of a page when one form is saved, which reloads the page. It does so for
 * forms with `data-keep-unsaved`, whose value names the page: after a refused form the page has the form's URL instead.
 */

const BADGE_ATTRIBUTE = "data-unsaved";
const BADGE_TEXT = "Not saved yet";

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Field */
/** @typedef {Record<string, Record<string, string | boolean>>} Unsaved values of fields by name, by the form's action */

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
      if (Object.keys(values).length > 0) unsaved[actionOf(form)] = values;
    }
    storeUnsaved(key, unsaved);
  });
}

/**
 * @param {Iterable<HTMLFormElement>} forms
 * @param {string} key
 */
function restore(forms, key) {
  const unsaved = takeUnsaved(key);
  for (const form of forms) {
    const values = unsaved[actionOf(form)] ?? {};
    let isRestored = false;
    for (const field of fieldsOf(form)) {
      const value = values[field.name];
      if (value === undefined) continue;
      if (isCheckbox(field)) field.checked = value === true;
      else field.value = String(value);
      isRestored = true;
    }
    if (isRestored) addBadge(form);
  }
}

/**
 * The values that differ from those that the server sent; of a refused form all values.
 * @param {HTMLFormElement} form
 */
function changedValues(form) {
  const isRefused = form.querySelector("[aria-invalid='true'], [role='alert']") !== null;
  /** @type {Record<string, string | boolean>} */
  const values = {};
  for (const field of fieldsOf(form)) {
    if (isRefused || isChanged(field)) values[field.name] = isCheckbox(field) ? field.checked : field.value;
  }
  return values;
}

/**
 * @param {Field} field
 * @returns {boolean}
 */
function isChanged(field) {
  if (isCheckbox(field)) return field.checked !== field.defaultChecked;
  if (!(field instanceof HTMLSelectElement)) return field.value !== field.defaultValue;
  const options = [...field.options];
  const sent = options.find((option) => option.defaultSelected) ?? options[0];
  return field.value !== sent?.value;
}

/**
 * The fields whose values are kept. Hidden ones are not: the CSRF token must never be stored.
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
function isCheckbox(field) {
  return field.type === "checkbox";
}

/** @param {HTMLFormElement} form */
function actionOf(form) {
  return form.getAttribute("action") ?? "";
}

/** @param {HTMLFormElement} form */
function addBadge(form) {
  const badge = form.ownerDocument.createElement("span");
  badge.className = "badge warn";
  badge.setAttribute(BADGE_ATTRIBUTE, "");
  badge.textContent = BADGE_TEXT;
  form.querySelector(".actions")?.append(badge);
}

/**
 * @param {string} key
 * @returns {Unsaved}
 */
function takeUnsaved(key) {
  try {
    const stored = sessionStorage.getItem(key);
    sessionStorage.removeItem(key);
    return stored ? JSON.parse(stored) : {};
  } catch {
    // Storage is blocked for this site.
    return {};
  }
}

/**
 * @param {string} key
 * @param {Unsaved} unsaved
 */
function storeUnsaved(key, unsaved) {
  try {
    if (Object.keys(unsaved).length > 0) sessionStorage.setItem(key, JSON.stringify(unsaved));
    else sessionStorage.removeItem(key);
  } catch {
    // Storage is blocked for this site, or full.
  }
}
