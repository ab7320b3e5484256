/**
 * The English texts of the phone, with the advice for problems. The sentences of problems are in errors.js and
 * call/call-sentences.js, or the server sends them. `button` and `urgentFixes` are in phone.js, all other texts in chunks.
 */

/** The texts of the floating button. */
export const button = {
  language: "en",
  direction: "ltr",
  openPhone: "Open phone",
  closePhone: "Close phone",
  hangUp: "Hang up",
  states: {
    loading: "connecting",
    ready: "ready",
    dialing: "calling",
    ringing: "ringing",
    "in-progress": "in a call",
    completed: "call ended",
    failed: "call not connected",
    error: "not working",
  },
};

/** The advice after a call that was busy or not answered. */
export const statusHints = {
  busy: "Try again in a few minutes.",
  "no-answer": "Nobody picked up. Try again later.",
};

export const core = /* @__PURE__ */ Object.assign({}, button, {
  phone: "Phone",
  minimise: "Minimise",
  more: "More",
  sandbox: "Sandbox",
  callingFrom: "From",
  automatic: "Automatic",
  phoneNumber: "Phone number",
  placeholder: "Enter a number",
  pageNumbersOnly: "Click a number on the page to call it.",
  backspace: "Delete last digit",
  keypad: "Keypad",
  call: "Call",
  mute: "Mute",
  unmute: "Unmute",
  devices: "Devices",
  callAgain: "Call again",
  tryAgain: "Try again",
  newCall: "New call",
  retry: "Retry",
  copyDetails: "Copy details",
  copied: "Copied",
  connecting: "Connecting…",
  calling: "Calling…",
  ringing: "Ringing…",
  inCall: "In call",
  muted: "Muted",
  reconnecting: "Reconnecting…",
  endedByRemote: "Ended by the other side",
  callInOtherTab: "In a call in another tab",
  callInPopOut: "In a separate window",
  extension: "ext. {digits}",
  sendTones: "Send {digits}",
  sendingTones: "Sending {digits}",
  holdForPlus: "Hold for +",
  endedWith: {
    completed: "Call ended",
    canceled: "Call canceled",
    busy: "The line is busy",
    "no-answer": "No answer",
    failed: "The call failed",
    refused: "The call was refused",
  },
  statusHints,
});

/**
 * The advice for problems that can occur before a chunk is loaded, or because a chunk cannot be loaded; by their code.
 * @type {Record<string, string>}
 */
export const urgentFixes = {
  service_unavailable: "The phone tries again by itself. You do not need to do anything.",
  network_error: "Check the internet connection, and whether an ad blocker or a firewall blocks the phone service.",
  offline: "The phone connects again by itself when the network is back.",
  sdk_load_failed: "Check for ad blockers or network restrictions that stop this page from loading the script.",
  part_load_failed: "Check the internet connection, then try again.",
  invalid_number: "Type the number with its area code, or with + and the country code.",
  ambiguous_number: "Choose the number in the phone.",
  emergency_number: "Use a mobile phone or a landline.",
  page_interferes: "Load phone.js before the script of this page that replaces fetch, JSON or Promise.",
  browser_not_supported: "Use a current Chrome, Edge, Firefox or Safari, with WebRTC.",
  too_many_requests: "Wait a minute. The phone tries again by itself.",
};

/**
 * The advice for the other problems, by their code.
 * @type {Record<string, string>}
 */
export const fixes = {
  invalid_embed_token:
    "The token in this page is incorrect or does not start with ept_. Check the token that was pasted.",
  revoked_embed_token: "The token was revoked. Generate a new one in Dashboard > Settings and put it in this page.",
  domain_not_allowed: "Add this page's domain to the token's allowed domains in Settings.",
  organization_suspended: "Ask the owner of the account to contact support.",
  plan_not_supported: "Upgrade to the Pro plan or above.",
  no_phone_number: "Set up a phone number in Dashboard > Settings.",
  from_not_allowed: "Choose another number, or ask an administrator of the account to add it to this token.",
  invalid_extension: "An extension has 1 to 20 characters: 0-9, * and #.",
  invalid_digits: "At most 100 characters: 0-9, *, #, comma or p for a pause, ; or w to wait for a confirmation.",
  invalid_metadata:
    "Pass an object of at most 2,000 characters as JSON and 32 levels, without functions, Map, Set, NUL and halves of surrogate pairs.",
  url_invalid: "Pass an http or https URL of at most 1,000 characters, without a user name.",
  microphone_denied: "Allow the microphone for this site in the browser's address bar, then call again.",
  microphone_dismissed: "Call again, and choose Allow when the browser asks.",
  microphone_not_found: "Connect a microphone or a headset, then call again.",
  microphone_in_use: "Close the other program that uses the microphone, then call again.",
  microphone_blocked:
    'The page must permit the microphone: Permissions-Policy microphone=(self), and allow="microphone" on an iframe.',
  insecure_page: "Open this page over https, and also the page that contains it, if it is in a frame.",
  connection_failed: "Check the internet connection, then try again.",
  window_blocked:
    "Allow pop-ups for this site to call in a window. Until then calls are placed in this page: stay on it while you talk.",
  window_lost:
    "Try again, and leave the window open while it loads. A page that sends Cross-Origin-Opener-Policy must send same-origin-allow-popups.",
  call_in_progress: "Hang up, then call this number.",
  call_elsewhere: "Hang up that call first, in that tab or in this one.",
  call_rate_limited: "Wait a minute, then call again.",
  call_unavailable: "Call again in a few minutes. If it fails again, contact support.",
  call_failed: "Check the number, then try again.",
  call_refused: "Ask an administrator of the account to check its calling rules.",
};

export const dialer = {
  callQuality: {
    lost: "Connection lost: trying to restore the sound",
    microphone: "The microphone was unplugged. Another one is used now.",
    speaker: "The speaker was unplugged. Another one is used now.",
    silent: "No sound from your microphone",
    "not-sent": "The other side may not hear you",
    "not-heard": "No sound from the other side",
    slow: "Poor connection: voices arrive late",
    lossy: "Poor connection: parts of the sound are lost",
    poor: "Poor connection",
  },
  whichNumber: "Which number do you want to call?",
  unclearNumber: "Ambiguous number: press Call to choose",
  tones: "then {digits}",
  recent: "Recent calls",
  clearRecent: "Clear",
  statuses: {
    canceled: "Canceled",
    busy: "Busy",
    "no-answer": "No answer",
    failed: "Failed",
    refused: "Refused",
  },
};

export const outcomes = {
  title: "How did it go?",
  note: "Note",
  save: "Save",
  later: "Later",
  saved: "Saved",
  notSaved: "Not saved. {reason}",
  missing: "Outcome of {number} is missing",
  add: "Add",
  remove: "Remove",
};

export const voicemail = {
  leave: "Leave voicemail",
  greeting: "Greeting",
  left: "The mailbox is recording your greeting. You can place the next call.",
  notLeft: "The greeting was not left. {reason}",
};

/** The advice for the problems of a voicemail drop, by their code; the server sends their sentences. */
export const voicemailFixes = {
  call_not_connected: "Call, wait for the tone of the mailbox, then leave the greeting.",
  no_voicemail_greeting: "An administrator of the account can also record one for everybody.",
};

export const missedCalls = {
  title: "Missed calls ({count})",
  callBack: "Call back",
  seen: "Mark as seen",
};

export const clickToCall = {
  title: "Call {number}",
};

export const settingsSheet = {
  title: "More",
  check: "Check my phone",
  popOut: "Call in a window",
  popOutWhy: "A call in a window goes on when you leave this page.",
  back: "Back",
  microphone: "Microphone",
  speaker: "Speaker",
  systemDefault: "System default",
  unnamedDevice: "Device",
  namesHidden: "The names of the devices appear once the microphone is allowed, at the first call.",
  speakerNotSelectable: "This browser plays calls on the system's speaker.",
  sounds: "Keypad sounds",
  deviceNotUsable: "This device cannot be used now. The previous device stays in use.",
  movePanel: "Move panel",
  moveLeft: "Left",
  moveUp: "Up",
  moveDown: "Down",
  moveRight: "Right",
  resetPosition: "Reset position",
};

export const popOut = {
  connecting: "Connecting to the page…",
  lost: "The connection to the page is lost",
  lostFix:
    "Close this window, and call from the page again. A page that sends Cross-Origin-Opener-Policy must send same-origin-allow-popups.",
  sandbox: "Sandbox: calls go to a simulated carrier and reach nobody.",
};

export const diagnostics = {
  title: "Check my phone",
  back: "Back",
  intro: "Nothing rings and nothing is charged. The browser may ask for the microphone: say a few words.",
  again: "Check again",
  copy: "Copy report",
  copied: "Copied",
  report: "Report, to select and copy",
  allPassed: "Everything works.",
  someFailed: "Not everything works. See what to do above.",
  marks: { ok: "OK", failed: "Problem", notTried: "Not tried" },
  steps: {
    microphone: { name: "Microphone", testing: "Listening…", passed: "The microphone works" },
    token: { name: "Token", testing: "Checking…", passed: "The token works here" },
    signaling: { name: "Carrier", testing: "Connecting…", passed: "The carrier answers" },
    media: { name: "Audio", testing: "Sending…", passed: "Audio flows" },
  },
  faults: {
    not_tried: ["Not tried: this step needs a valid token", ""],
    in_call: ["A call is in progress", "Check again when the call has ended."],
    microphone_silent: [
      "The microphone gives no sound",
      "Unmute the microphone on the headset or in the system's sound settings, or choose another microphone.",
    ],
    signaling_failed: [
      "The carrier cannot be reached",
      "Allow this computer to connect to wss://*.twilio.com: a firewall, a proxy or the page's connect-src blocks it.",
    ],
    media_failed: [
      "The browser cannot send audio",
      "Allow WebRTC in the browser and its extensions, then check again.",
    ],
    media_blocked: [
      "Audio cannot leave this network",
      "Allow this computer to send UDP to the carrier: a firewall or a VPN blocks it.",
    ],
  },
};
