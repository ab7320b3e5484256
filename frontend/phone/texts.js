/** Every word the panel shows, one table a language. */
const TEXTS = {
  en: {
    phone: "Phone",
    openPhone: "Open phone",
    closePhone: "Close phone",
    minimise: "Minimise",
    sandbox: "Sandbox",
    callingFrom: "From",
    phoneNumber: "Phone number",
    placeholder: "Enter a number",
    backspace: "Delete last digit",
    keypad: "Keypad",
    call: "Call",
    hangUp: "Hang up",
    mute: "Mute",
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
    poor: "Poor connection",
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
    ended: {
      completed: "Call ended",
      canceled: "Call canceled",
      busy: "The line is busy",
      "no-answer": "No answer",
      failed: "The call failed",
      refused: "The call was refused",
    },
    hints: {
      busy: "Try again in a few minutes.",
      "no-answer": "Nobody picked up. Try again later.",
    },
  },
};

/** The table of `locale`, its language's, or the English one. */
export const textsFor = (locale) =>
  TEXTS[
    String(locale ?? "")
      .split("-")[0]
      .toLowerCase()
  ] ?? TEXTS.en;
