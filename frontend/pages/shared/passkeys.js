/**
 * Forms that use a passkey: `data-passkey` is "create" or "get", `data-options` the URL of the WebAuthn options. The
 * forms stay hidden where the browser has no passkeys for this page.
 */
import { find } from "./dom.js";

/** @type {Record<string, string>} */
const PROBLEMS = {
  InvalidStateError: "This device has a passkey of your account already.",
  NotAllowedError: "No passkey was chosen. Try again.",
};
const OTHER_PROBLEM = "The passkey could not be read. Reload the page and try again.";

/** The server refused; the message is for the person. */
class Refusal extends Error {}

/** @param {Document} document */
export function enablePasskeys(document) {
  if (!isSupported()) return;
  for (const form of document.querySelectorAll("form[data-passkey]")) enable(/** @type {HTMLFormElement} */ (form));
}

const isSupported = () =>
  globalThis.isSecureContext &&
  typeof globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON === "function" &&
  typeof globalThis.PublicKeyCredential.parseRequestOptionsFromJSON === "function";

/** @param {HTMLFormElement} form */
function enable(form) {
  form.hidden = false;
  let isBusy = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    event.submitter?.setAttribute("aria-busy", "true");
    try {
      /** @type {HTMLInputElement} */ (find(form, "[name='credential']")).value = await answer(form);
      form.submit();
    } catch (error) {
      isBusy = false;
      event.submitter?.removeAttribute("aria-busy");
      show(form, problemOf(error));
    }
  });
}

/**
 * The authenticator's answer as JSON.
 * @param {HTMLFormElement} form
 */
async function answer(form) {
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
function problemOf(error) {
  if (error instanceof Refusal) return error.message;
  return (error instanceof DOMException && PROBLEMS[error.name]) || OTHER_PROBLEM;
}

/**
 * @param {HTMLFormElement} form
 * @param {string} text
 */
function show(form, text) {
  const problem = find(form, "[data-passkey-problem]");
  problem.hidden = false;
  find(problem, "span").textContent = text;
}
