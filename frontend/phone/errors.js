/** What can go wrong: the exact sentence, then the fix a person can try. */
const TABLE = {
  invalid_embed_token: [
    "Invalid embed token",
    "The token in this page is incorrect or does not start with ept_. Check the token that was pasted.",
  ],
  revoked_embed_token: [
    "Invalid or revoked token",
    "The token was revoked. Generate a new one in Dashboard > Settings and put it in this page.",
  ],
  domain_not_allowed: ["Domain not allowed", "Add this page's domain to the token's allowed domains in Settings."],
  organization_suspended: ["Organization is suspended", "Ask the owner of the account to contact support."],
  plan_not_supported: ["Organization plan does not support widgets", "Upgrade to the Pro plan or above."],
  no_phone_number: ["No phone number provisioned", "Set up a phone number in Dashboard > Settings."],
  too_many_requests: ["Too many requests", "Wait a minute. The phone tries again by itself."],
  service_unavailable: ["Service temporarily unavailable", "The phone tries again by itself. Nothing to do here."],
  network_error: [
    "Cannot reach the phone service",
    "Check the internet connection, and that no ad blocker or firewall stops this page from reaching it.",
  ],
  offline: ["You are offline", "The phone connects again by itself when the network is back."],
  page_interferes: [
    "This page stops the phone from working",
    "Load phone.js before the script of this page that replaces fetch, JSON or Promise.",
  ],
  sdk_load_failed: [
    "Failed to load phone SDK",
    "Check for ad blockers or network restrictions that stop this page from loading the script.",
  ],
  part_load_failed: ["This part of the phone could not be loaded", "Check the internet connection, then try again."],
  invalid_number: ["Invalid phone number", "Type the number with its area code, or with + and the country code."],
  emergency_number: ["Emergency numbers cannot be called", "Use a mobile phone or a landline."],
  metadata_too_large: ["Call metadata is too large", "Keep the metadata of a call within 2,000 characters of JSON."],
  metadata_invalid: ["Call metadata is not valid", "Pass metadata that JSON can hold."],
  microphone_denied: [
    "Microphone access was denied",
    "Allow the microphone for this site in the browser's address bar, then call again.",
  ],
  microphone_dismissed: ["The microphone question was closed", "Call again, and choose Allow when the browser asks."],
  microphone_not_found: ["No microphone was found", "Connect a microphone or a headset, then call again."],
  microphone_in_use: [
    "The microphone is in use by another program",
    "Close the other program that uses the microphone, then call again.",
  ],
  microphone_blocked: [
    "The microphone is blocked by this page's policy",
    'The page must permit it: Permissions-Policy microphone=(self), and allow="microphone" on an iframe.',
  ],
  insecure_page: ["The microphone needs a secure page", "Open this page, and a page around it, over https."],
  browser_not_supported: [
    "This browser cannot make calls",
    "Use a current version of Chrome, Edge, Firefox or Safari.",
  ],
  connection_failed: ["The call could not be connected", "Check the internet connection, then try again."],
  call_elsewhere: ["A call is already in progress in another tab", "Hang up that call first, there or here."],
  call_failed: ["The call failed", "Check the number, then try again."],
  call_refused: ["The call was refused", "Ask an administrator of the account to check its calling rules."],
};

const TRANSIENT = new Set(["too_many_requests", "service_unavailable", "network_error", "offline"]);

/** Something that went wrong, told to people as `message` and then `fix`, to programs as `code`. */
export class Problem extends Error {
  /** Whether the server said no, rather than something that broke. */
  refused = false;
  /** The fix that only this case has, which no language's table can know. */
  advice;

  constructor(code, { message, fix } = {}) {
    const [sentence, remedy] = TABLE[code] ?? TABLE.call_failed;
    super(message ?? sentence);
    this.name = "Problem";
    this.code = code;
    this.advice = fix;
    this.fix = fix ?? (TABLE[code] ? remedy : (bySentence(this.message) ?? remedy));
  }

  /** Whether trying again later can help without anybody changing anything. */
  get transient() {
    return TRANSIENT.has(this.code);
  }
}

/** `error` as a Problem: our own as it is, anything else as `code`. */
export const asProblem = (error, code = "call_failed") => (error instanceof Problem ? error : new Problem(code));

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

function bySentence(message) {
  return Object.values(TABLE).find(([sentence]) => sentence === message)?.[1];
}
