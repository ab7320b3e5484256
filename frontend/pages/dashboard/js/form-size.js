/** Keeps a form that is larger than the server reads on the page, with what was typed and an error at its longest field. */

/** `FORM_BYTES` of the server. */
const MAX_BYTES = 65_536;
const TEXT = "This text is too long to be sent. Shorten it and try again";

/**
 * True when the form can be sent; else the error is shown.
 * @param {HTMLFormElement} form
 */
export function fitsOrExplain(form) {
  form.querySelector("[data-form-size]")?.remove();
  if (encodedLength(form) <= MAX_BYTES) return true;
  const field = longestField(form);
  if (!field) return true;
  const error = form.ownerDocument.createElement("p");
  error.className = "error";
  error.id = `${field.id || field.name}-size-error`;
  error.setAttribute("role", "alert");
  error.setAttribute("data-form-size", "");
  error.textContent = TEXT;
  field.after(error);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", error.id);
  field.focus();
  return false;
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

/** @param {HTMLFormElement} form */
function longestField(form) {
  const fields = /** @type {(HTMLInputElement | HTMLTextAreaElement)[]} */ (
    [...form.querySelectorAll("input[name], textarea[name]")].filter((field) => field.getAttribute("type") !== "hidden")
  );
  return fields.sort((one, other) => other.value.length - one.value.length)[0];
}
