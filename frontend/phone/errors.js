/** The phone's errors: a code and its fixed English sentence. What a person can do about each is in i18n/locales/. */
import { urgentFixes } from "./i18n/locales/en.js";

/** @type {Record<string, string>} */
const SENTENCES = {
  invalid_embed_token: "Invalid embed token",
  revoked_embed_token: "Invalid or revoked token",
  domain_not_allowed: "Domain not allowed",
  organization_suspended: "Organization is suspended",
  plan_not_supported: "Organization plan does not support widgets",
  no_phone_number: "No phone number provisioned",
  too_many_requests: "Too many requests",
  service_unavailable: "Service temporarily unavailable",
  network_error: "Cannot reach the phone service",
  offline: "You are offline",
  page_interferes: "This page stops the phone from working",
  sdk_load_failed: "Failed to load phone SDK",
  part_load_failed: "This part of the phone could not be loaded",
  invalid_number: "Invalid phone number",
  emergency_number: "Emergency numbers cannot be called",
  metadata_too_large: "Call metadata is too large",
  metadata_invalid: "Call metadata is not valid",
  url_invalid: "Call url is not valid",
  microphone_denied: "Microphone access was denied",
  microphone_dismissed: "The microphone question was closed",
  microphone_not_found: "No microphone was found",
  microphone_in_use: "The microphone is in use by another program",
  microphone_blocked: "The microphone is blocked by this page's policy",
  insecure_page: "The microphone needs a secure page",
  browser_not_supported: "This browser cannot make calls",
  connection_failed: "The call could not be connected",
  window_blocked: "The browser blocked the phone's window",
  window_lost: "The phone's window does not answer",
  call_elsewhere: "A call is already in progress in another tab",
  call_failed: "The call failed",
  call_refused: "The call was refused",
};

// The same call is rejected again until somebody changes something.
const LASTING_REJECTIONS = new Set([
  "destination_not_allowed",
  "emergency_number",
  "invalid_number",
  "no_phone_number",
  "organization_suspended",
  "plan_not_supported",
]);
const TRANSIENT_CODES = new Set(["too_many_requests", "service_unavailable", "network_error", "offline"]);

/** An error with a `message` and a `fix` for people, and a `code` for programs. */
export class Problem extends Error {
  name = "Problem";
  /** True when the server refused the request, false for a failure. */
  isRefusal = false;
  /** @type {string} */
  code;
  /**
   * A fix for this one case, which no table of a language can have.
   * @type {string | undefined}
   */
  specificFix;
  /** The code by which languages find the fix. A code of the server's own has the fix of the code with the same sentence. */
  fixCode;
  /** True if the message says what to do. */
  hasOwnAdvice;

  /**
   * @param {string} code
   * @param {{message?: string, fix?: string, likeCode?: string}} [options] `likeCode` has the fix for unknown codes.
   */
  constructor(code, { message, fix, likeCode = "call_failed" } = {}) {
    super(message ?? SENTENCES[code] ?? SENTENCES.call_failed);
    this.code = code;
    this.specificFix = fix;
    // A reason of two sentences says itself what to do: a general fix below it may contradict it.
    this.hasOwnAdvice = Boolean(message?.includes(". "));
    this.fixCode = this.hasOwnAdvice ? "" : SENTENCES[code] ? code : (codeOf(this.message) ?? likeCode);
  }

  /** The fix in English, if phone.js itself has it: most fixes are in a chunk (lazy/dialer.js). */
  get fix() {
    return this.specificFix ?? urgentFixes[this.fixCode];
  }

  /** False if the same call cannot succeed before somebody changes something. */
  get canBeRepeated() {
    if (LASTING_REJECTIONS.has(this.code)) return false;
    return !this.hasOwnAdvice || this.message.includes(". Try again");
  }

  /** True if a later try can succeed without anybody changing anything. */
  get isTransient() {
    return TRANSIENT_CODES.has(this.code);
  }
}

/**
 * `error` itself if it is a Problem, also one of a chunk's own class; otherwise a Problem with `code`.
 * @param {any} error Whatever was thrown.
 * @returns {Problem}
 */
export const asProblem = (error, code = "call_failed") => (error?.name === "Problem" ? error : new Problem(code));

/**
 * The Problem of an error response of the server.
 * @param {{code?: unknown, detail?: unknown} | null} body The answer's problem+json, if it is JSON.
 * @param {number} status
 */
export function problemFromResponse(body, status) {
  if (status === 429) return new Problem("too_many_requests");
  if (status >= 500 || typeof body?.detail !== "string" || typeof body?.code !== "string") {
    return new Problem("service_unavailable");
  }
  const problem = new Problem(body.code, { message: body.detail });
  problem.isRefusal = true;
  return problem;
}

/** @param {string} sentence */
const codeOf = (sentence) => Object.keys(SENTENCES).find((code) => SENTENCES[code] === sentence);
