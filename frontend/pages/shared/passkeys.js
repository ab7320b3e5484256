/**
 * Enables forms that are sent with a passkey: `data-passkey` is "create" or "get", `data-options` the URL of the
 * WebAuthn options. The forms stay hidden in browsers that do not support passkeys on this page.
 */
import { find } from "./dom.js";

/** @type {Record<string, string>} */
const ERROR_TEXTS = {
  InvalidStateError: "This device already has a passkey for your account.",
  NotAllowedError: "No passkey was chosen. Try again.",
};
const OTHER_ERROR_TEXT = "The passkey could not be read. Reload the page and try again.";

/** The server refused; the message is shown. */
class Refusal extends Error {}

/** @param {Document} document */
export function enablePasskeys(document) {
  if (!isSupported()) return;
  for (const form of document.querySelectorAll("form[data-passkey]")) enableForm(/** @type {HTMLFormElement} */ (form));
}

const isSupported = () =>
  globalThis.isSecureContext &&
  typeof globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON === "function" &&
  typeof globalThis.PublicKeyCredential.parseRequestOptionsFromJSON === "function";

/** @param {HTMLFormElement} form */
function enableForm(form) {
  form.hidden = false;
  let isBusy = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    event.submitter?.setAttribute("aria-busy", "true");
    try {
      /** @type {HTMLInputElement} */ (find(form, "[name='credential']")).value = await askAuthenticator(form);
      form.submit();
    } catch (error) {
      isBusy = false;
      event.submitter?.removeAttribute("aria-busy");
      showProblem(form, errorText(error));
    }
  });
}

/**
 * The credential that the authenticator returns, as JSON.
 * @param {HTMLFormElement} form
 */
async function askAuthenticator(form) {
  const options = await fetchOptions(form);
  const credential =
    form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  return JSON.stringify(/** @type {PublicKeyCredential} */ (credential).toJSON());
}

/** @param {HTMLFormElement} form */
async function fetchOptions(form) {
  const fields = /** @type {[string, string][]} */ ([...new FormData(form)]);
  const body = new URLSearchParams(fields);
  const response = await fetch(form.dataset.options ?? "", { method: "POST", body, redirect: "error" });
  const content = await response.json();
  if (!response.ok) throw new Refusal(content.message);
  return content;
}

/** @param {unknown} error */
function errorText(error) {
  if (error instanceof Refusal) return error.message;
  return (error instanceof DOMException && ERROR_TEXTS[error.name]) || OTHER_ERROR_TEXT;
}

/**
 * @param {HTMLFormElement} form
 * @param {string} text
 */
function showProblem(form, text) {
  const problem = find(form, "[data-passkey-problem]");
  problem.hidden = false;
  find(problem, "span").textContent = text;
}
