/** Checks a form before it is sent for faults that the server cannot report: half-typed dates, and too much text. */

/** @typedef {HTMLInputElement | HTMLTextAreaElement} Field */

/** The most bytes of a form that the server reads: `FORM_BYTES` of src/kit/http/forms.py. */
const MAX_BYTES = 65_536;
const TOO_LONG_ERROR = "This text is too long to be sent. Shorten it and try again";
/** @type {Record<string, string>} Errors by the type of the field. */
const HALF_TYPED_ERRORS = {
  date: "Enter the whole date, or leave the field empty",
  "datetime-local": "Enter the date and the time",
};

/**
 * True if the form can be sent; otherwise show the error at its field.
 * @param {HTMLFormElement} form
 */
export function isSendable(form) {
  hideError(form);
  const [field, text] = findError(form);
  if (field) showError(field, text);
  return !field;
}

/**
 * The first wrong field and its error; no field if nothing is wrong.
 * @param {HTMLFormElement} form
 * @returns {[Field | undefined, string]}
 */
function findError(form) {
  const fields = /** @type {Field[]} */ (
    [...form.querySelectorAll("input[name], textarea[name]")].filter((field) => field.getAttribute("type") !== "hidden")
  );
  // A browser sends such a field empty, as if nothing had been typed.
  const halfTyped = fields.find((field) => field.validity.badInput);
  if (halfTyped) return [halfTyped, HALF_TYPED_ERRORS[halfTyped.type] ?? halfTyped.validationMessage];
  if (form.method !== "post" || encodedLength(form) <= MAX_BYTES) return [undefined, ""];
  return [fields.sort((one, other) => other.value.length - one.value.length)[0], TOO_LONG_ERROR];
}

/**
 * The bytes of the form as browsers encode it: with line breaks of two characters.
 * @param {HTMLFormElement} form
 */
function encodedLength(form) {
  const parameters = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string") parameters.append(name, value.replace(/\r\n?|\n/g, "\r\n"));
  }
  return parameters.toString().length;
}

/**
 * @param {Field} field
 * @param {string} text
 */
function showError(field, text) {
  const error = field.ownerDocument.createElement("p");
  error.className = "error";
  error.id = `${field.id || field.name}-check-error`;
  error.setAttribute("role", "alert");
  error.setAttribute("data-form-check", "");
  error.textContent = text;
  field.after(error);
  field.setAttribute("aria-invalid", "true");
  const hint = field.getAttribute("aria-describedby") ?? "";
  error.dataset.hint = hint;
  field.setAttribute("aria-describedby", `${hint} ${error.id}`.trim());
  field.focus();
}

/** @param {HTMLFormElement} form */
function hideError(form) {
  /** @type {HTMLElement | null} */
  const error = form.querySelector("[data-form-check]");
  const field = error?.previousElementSibling;
  if (!error || !field) return;
  field.removeAttribute("aria-invalid");
  field.setAttribute("aria-describedby", error.dataset.hint ?? "");
  error.remove();
}
