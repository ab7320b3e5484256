/** What can go wrong, each in its exact sentence; what a person can do about it is in the files of the languages. */
import { urgentFixes } from "./i18n/locales/en.js";

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

const TRANSIENT = new Set(["too_many_requests", "service_unavailable", "network_error", "offline"]);

/** Something that went wrong, told to people as `message` and then `fix`, to programs as `code`. */
export class Problem extends Error {
  /** Whether the server said no, rather than something that broke. */
  refused = false;
  /** The fix that only this case has, which no language's table can know. */
  advice;
  /** The code by which languages know the fix: of a code of the server's own, the one with the same sentence. */
  kind;

  constructor(code, { message, fix } = {}) {
    super(message ?? SENTENCES[code] ?? SENTENCES.call_failed);
    this.name = "Problem";
    this.code = code;
    this.advice = fix;
    this.kind = SENTENCES[code] ? code : (codeOf(this.message) ?? "call_failed");
  }

  /** In English, where it is at hand: the fixes for most are in a part (`apart/dialer.js`). */
  get fix() {
    return this.advice ?? urgentFixes[this.kind];
  }

  /** Whether trying again later can help without anybody changing anything. */
  get transient() {
    return TRANSIENT.has(this.code);
  }
}

/** `error` as a Problem: one of ours as it is, also from a part, which has a class of its own; anything else as `code`. */
export const asProblem = (error, code = "call_failed") => (error?.name === "Problem" ? error : new Problem(code));

/** The problem+json answer `body` of the server. */
export function refusal(body, status) {
  if (status === 429) return new Problem("too_many_requests");
  if (status >= 500 || typeof body?.detail !== "string" || typeof body?.code !== "string") {
    return new Problem("service_unavailable");
  }
  const problem = new Problem(body.code, { message: body.detail });
  problem.refused = true;
  return problem;
}

const codeOf = (sentence) => Object.keys(SENTENCES).find((code) => SENTENCES[code] === sentence);
