/** The phone's errors (Problem): a code, the fixed English sentence of the code, and advice on what a person can do. */
import { urgentFixes } from "./i18n/locales/en.js";

/** Code to English advice, as far as it is loaded: the call stack adds the advice about calls. */
export const knownFixes = { ...urgentFixes };

/**
 * @typedef {Record<string, any>} ProblemDetails For a call as in src/widget/refusals.py; for an exchange the error
 *   response.
 */

/**
 * Code to sentence, for the phone's own codes. The server sends the sentences of its codes.
 * @type {Record<string, string>}
 */
export const SENTENCES = {
  too_many_requests: "Too many requests",
  service_unavailable: "Service temporarily unavailable",
  network_error: "Cannot reach the phone service",
  offline: "You are offline",
  page_interferes: "This page stops the phone from working",
  sdk_load_failed: "Failed to load phone SDK",
  part_load_failed: "This part of the phone could not be loaded",
  invalid_number: "Invalid phone number",
  ambiguous_number: "It is not clear which number is meant",
  emergency_number: "Emergency numbers cannot be called",
  from_not_allowed: "This number cannot be used",
  invalid_extension: "Invalid extension",
  invalid_digits: "Invalid digits",
  invalid_metadata: "Call metadata is not valid",
  url_invalid: "Call url is not valid",
  browser_not_supported: "This browser cannot make calls",
  call_failed: "The call failed",
};

const TRANSIENT_CODES = new Set(["too_many_requests", "service_unavailable", "network_error", "offline"]);

/** An error with a `message` and a `fix` for people, and a `code` for programs. */
export class Problem extends Error {
  name = "Problem";
  /** True when the server refused the request, false for a failure. */
  isRefusal = false;
  /** @type {string} */
  code;
  /**
   * Advice for this case alone, such as one with a URL in it. It is in no table of texts.
   * @type {string | undefined}
   */
  specificFix;
  /**
   * The server's advice, in English.
   * @type {string | undefined}
   */
  help;
  /**
   * The facts in `help`, from which the advice in other languages is made.
   * @type {ProblemDetails}
   */
  details;
  /** True if the carrier said that the same call fails again until somebody changes something: see ui/lasting-problems.js. */
  isLasting;
  /** The code whose general advice is shown. */
  fixCode;
  /** The code whose general advice is shown if there is none for `fixCode`. */
  fallbackFixCode;

  /**
   * @param {string} code
   * @param {{message?: string | null, fix?: string, help?: unknown, details?: unknown, fallbackFixCode?: string,
   *   isLasting?: boolean}} [options]
   */
  constructor(code, { message, fix, help, details, fallbackFixCode = "call_failed", isLasting } = {}) {
    super(message || SENTENCES[code] || SENTENCES.call_failed);
    this.code = code;
    this.specificFix = fix;
    this.help = help ? String(help) : undefined;
    this.details = /** @type {ProblemDetails} */ (details ?? {});
    this.isLasting = isLasting;
    this.fixCode = code;
    this.fallbackFixCode = fallbackFixCode;
  }

  /** The advice, in English; undefined if that is in a chunk that is not loaded. */
  get fix() {
    return this.specificFix ?? this.help ?? knownFixes[this.fixCode] ?? knownFixes[this.fallbackFixCode];
  }

  /** True if a later try can succeed without anybody changing anything. */
  get isTransient() {
    return TRANSIENT_CODES.has(this.code);
  }
}

/**
 * `error` itself if it is a Problem, also of the copy of the class that a chunk has; otherwise a Problem with `code`.
 * @param {any} error Whatever was thrown.
 * @returns {Problem}
 */
export const asProblem = (error, code = "call_failed") => (error?.name === "Problem" ? error : new Problem(code));

/**
 * The Problem of an error response of the server.
 * @param {{code?: unknown, detail?: unknown, help?: unknown, domain?: unknown} | null} body The answer's problem+json, if it is JSON.
 * @param {number} status
 */
export function problemFromResponse(body, status) {
  const { help } = body ?? {};
  if (status === 429) return new Problem("too_many_requests", { help });
  if (status >= 500 || typeof body?.detail !== "string" || typeof body?.code !== "string") {
    return new Problem("service_unavailable", { help });
  }
  const problem = new Problem(body.code, { message: body.detail, help, details: body });
  problem.isRefusal = true;
  return problem;
}
