/**
 * Types of phone.js. Save this file in your project, or refer to it:
 *
 *     /// <reference path="./phone.d.ts" />
 *
 * `window.EpochPhone` exists once the script has run, and is `undefined` before.
 */

/** The phone's states; `isReady()` is true in `ready`, `completed` and `failed`. */
type EpochPhoneState = "loading" | "ready" | "dialing" | "ringing" | "in-progress" | "completed" | "failed" | "error";

/** The end of a call. `canceled`: hung up before the answer. `refused`: not allowed by the server. */
type EpochPhoneCallStatus = "completed" | "busy" | "no-answer" | "failed" | "canceled" | "refused";

/**
 * A page's own data about a call: at most 2,000 characters as JSON and 32 levels, of plain objects and arrays, without
 * functions, `Map`, `Set`, NUL characters and halves of surrogate pairs. Events and the call's record have its JSON
 * form.
 */
type EpochPhoneMetadata = Record<string, unknown>;

/** The settings. Their names are those of the tag's attributes in camel case. */
interface EpochPhoneConfig {
  /** The embed token, `ept_…`. It can also be in the URL of phone.js, behind `#`. */
  token?: string;
  /** URL of the phone service; default: that from which phone.js was loaded. */
  apiBase?: string;
  position?: "bottom-right" | "bottom-left";
  /** Distance from the corner in px. */
  offsetX?: number | string;
  offsetY?: number | string;
  theme?: "auto" | "light" | "dark";
  /** Accent colour in any CSS notation. */
  color?: string;
  /** Language of the panel; default: the page's language, also after it changes. */
  locale?: string;
  /**
   * A click on a `[data-phone]` element or a `tel:` link calls its number. The elements get a hand as pointer, an
   * underline and a title. Any rule of the page's style sheets wins; with `data-phone-style="off"` on an element or
   * around it no styles are added.
   */
  clickToCall?: boolean | "on" | "off";
  /** Shows no button until `toggle()`, `open()`, `show()` or a call. */
  hidden?: boolean | "true" | "false";
  /**
   * CSS selector of an element of the page that holds the panel, always open and without the button. Without such an
   * element the phone floats.
   */
  container?: string;
  /** `on`: click-to-call puts the number into the panel and waits for Call. */
  confirm?: boolean | "on" | "off";
  /** `off`: only numbers of the page can be called; none can be typed. */
  dialpad?: boolean | "on" | "off";
  /**
   * `native`: on mobile phones `tel:` links open the system's dialler; elements with `data-phone` still call through
   * this phone.
   */
  telOnPhones?: "native" | "phone";
  /** `on`: calls are placed in the pop-out, a window that stays when the page is left; `off`: no pop-out is offered. */
  popOut?: boolean | "on" | "off";
  /**
   * Your own texts in place of the panel's, for all languages or for one: `{ call: "Ring" }`,
   * `{ de: { call: "Anklingeln" } }`. Markup is shown as text.
   */
  texts?: EpochPhoneTexts & { [Language in EpochPhoneLanguage]?: EpochPhoneTexts };
  /** Log to the console what the phone does and why, without numbers and tokens. */
  debug?: boolean | "on" | "off";
}

/** The languages of the panel. */
type EpochPhoneLanguage = "ar" | "de" | "en" | "es" | "fr" | "it" | "ja" | "nl" | "pt";

/**
 * Keep `{number}`, `{digits}`, `{count}` and `{reason}` where the English text has them. `<code>` in `problems.<code>`
 * is the code of an error.
 */
type EpochPhoneTexts = { [Key in EpochPhoneTextKey]?: string };

type EpochPhoneTextKey =
  | "phone"
  | "openPhone"
  | "closePhone"
  | "minimise"
  | "more"
  | "sandbox"
  | "callingFrom"
  | "automatic"
  | "phoneNumber"
  | "placeholder"
  | "pageNumbersOnly"
  | "backspace"
  | "keypad"
  | "call"
  | "hangUp"
  | "mute"
  | "unmute"
  | "devices"
  | "callAgain"
  | "tryAgain"
  | "newCall"
  | "retry"
  | "copyDetails"
  | "copied"
  | "connecting"
  | "calling"
  | "ringing"
  | "inCall"
  | "muted"
  | "reconnecting"
  | "endedByRemote"
  | "callInOtherTab"
  | "callInPopOut"
  | "extension"
  | "sendTones"
  | "sendingTones"
  | "holdForPlus"
  | `states.${EpochPhoneState}`
  | `endedWith.${EpochPhoneCallStatus}`
  | `statusHints.${"busy" | "no-answer"}`
  | `dialer.${"whichNumber" | "unclearNumber" | "tones" | "recent" | "clearRecent"}`
  | `dialer.statuses.${Exclude<EpochPhoneCallStatus, "completed">}`
  | `dialer.callQuality.${"lost" | "microphone" | "speaker" | "silent" | "not-sent" | "not-heard" | "slow" | "lossy" | "poor"}`
  | "clickToCall.title"
  | `outcomes.${"title" | "note" | "save" | "later" | "saved" | "notSaved" | "missing" | "add" | "remove"}`
  | `voicemail.${"leave" | "greeting" | "left" | "notLeft"}`
  | `missedCalls.${"title" | "callBack" | "seen"}`
  | `settingsSheet.${"title" | "check" | "popOut" | "popOutWhy" | "back" | "microphone" | "speaker" | "systemDefault" | "unnamedDevice"}`
  | `settingsSheet.${"namesHidden" | "speakerNotSelectable" | "sounds" | "deviceNotUsable"}`
  | `settingsSheet.${"movePanel" | "moveLeft" | "moveUp" | "moveDown" | "moveRight" | "resetPosition"}`
  | `diagnostics.${"title" | "back" | "intro" | "again" | "copy" | "copied" | "report" | "allPassed" | "someFailed"}`
  | `diagnostics.marks.${"ok" | "failed" | "notTried"}`
  | `diagnostics.steps.${EpochPhoneStep}.${"name" | "testing" | "passed"}`
  | `diagnostics.faults.${"not_tried" | "in_call" | "microphone_silent"}.${"message" | "fix"}`
  | `diagnostics.faults.${"signaling_failed" | "media_failed" | "media_blocked"}.${"message" | "fix"}`
  | `problems.${string}.${"message" | "fix"}`;

/** The settings that can change while the phone runs; null sets the default. */
type EpochPhoneChanges = {
  [Name in Exclude<keyof EpochPhoneConfig, "token" | "apiBase">]?: EpochPhoneConfig[Name] | null;
};

/** The options of a call; all are optional. */
interface EpochPhoneCallOptions {
  metadata?: EpochPhoneMetadata | null;
  /** The called person's name; put on one line and cut to 200 characters. */
  name?: string | null;
  /** The called person's company; as `name`. */
  company?: string | null;
  /** URL of the person's record, `http` or `https`, at most 1,000 characters; may be relative to the page. */
  url?: string | URL | null;
  /** Sent as tones after the answer and a pause of 2 s: `0-9`, `*` and `#`, at most 20. Stored in the call's record. */
  extension?: string | number | null;
  /**
   * The number to call from, E.164: one that the embed token may show; otherwise no call is placed (`error`,
   * `from_not_allowed`). Default: the number that a person picked in the panel, or else the server's choice.
   */
  from?: string | null;
  /**
   * Sent as tones after the answer and the extension: `0-9`, `*`, `#`; `,` or `p` is a pause of 2 s, `;` or `w` waits
   * until the person continues; at most 100 characters. They are in no event and no record.
   */
  digits?: string | number | null;
}

interface EpochPhoneCallStarted {
  /** E.164. */
  number: string;
  /** UUID; `call_id` in the call list and the API. */
  callId: string;
  direction: "outbound";
  /**
   * The number that the call shows, E.164. If the server chooses it (by contact, member or area code), `getCall()` has
   * it once the call rings.
   */
  from: string;
  /** RFC 3339, UTC. */
  startedAt: string;
  metadata: EpochPhoneMetadata | null;
  /** The next four only if they were given. */
  name?: string;
  company?: string;
  /** Absolute. */
  url?: string;
  extension?: string;
}

interface EpochPhoneCallAnswered {
  number: string;
  callId: string;
  /** RFC 3339, UTC. */
  answeredAt: string;
}

interface EpochPhoneCallEnded {
  number: string;
  callId: string;
  /** Seconds connected; 0 when nobody answered. */
  duration: number;
  status: EpochPhoneCallStatus;
  /** Only if there is one. */
  message?: string;
  /** The advice: what to do and who can do it, in English. Only if there is something. */
  help?: string;
  metadata: EpochPhoneMetadata | null;
  /** The next four only if they were given. */
  name?: string;
  company?: string;
  url?: string;
  extension?: string;
}

/** The values to set in a call's record. A value that is left out stays; null or an empty list removes it. */
interface EpochPhoneOutcome {
  /** One of the organization's outcomes. */
  outcome?: string | null;
  /** At most 5,000 characters. */
  note?: string | null;
  /** At most 20 tags of at most 40 characters; they replace the call's tags. */
  tags?: string[] | null;
}

interface EpochPhoneCallOutcome extends EpochPhoneOutcome {
  callId: string;
}

interface EpochPhoneCall extends EpochPhoneCallStarted {
  answeredAt: string | null;
  muted: boolean;
}

interface EpochPhoneError {
  /** The sentence, as in the guide's table of errors. */
  message: string;
  code: string;
  /** The advice: what to do and who can do it, in English. The wording may change. */
  help?: string;
}

/** Each event with its payload; on `window` the payload is the `detail` of `epochphone:<event>`, null where there is none. */
interface EpochPhoneEvents {
  ready: undefined;
  error: EpochPhoneError;
  callStarted: EpochPhoneCallStarted;
  callAnswered: EpochPhoneCallAnswered;
  callEnded: EpochPhoneCallEnded;
  /** The values as they were given; the server has stored them. */
  callOutcome: EpochPhoneCallOutcome;
  stateChanged: { state: EpochPhoneState; previous: EpochPhoneState };
  muted: { muted: boolean };
  open: undefined;
  close: undefined;
}

type EpochPhoneStep = "microphone" | "token" | "signaling" | "media";

interface EpochPhoneStepResult {
  ok: boolean;
  /** Null if the step passed. */
  code: string | null;
  message: string;
  fix: string | null;
  ms: number;
}

/** The result of `test()`. Contains no token and no phone number. */
interface EpochPhoneReport {
  ok: boolean;
  /** `level`: the highest volume, 0 to 1. */
  microphone: EpochPhoneStepResult & { level?: number };
  token: EpochPhoneStepResult;
  /** `edge`: the carrier's point of entry. */
  signaling: EpochPhoneStepResult & { edge?: string | null };
  media: EpochPhoneStepResult;
  /** The browser's user agent. */
  browser: string;
  /** The page's origin. */
  page: string;
  framed: boolean;
  /** RFC 3339, UTC. */
  startedAt: string;
  ms: number;
  /** The report in lines that can be pasted into a message. */
  text: string;
}

type EpochPhoneListener<Event extends keyof EpochPhoneEvents> = (payload: EpochPhoneEvents[Event]) => void;

interface EpochPhoneApi {
  /**
   * Places a call. True if it has begun; otherwise nothing changes, except that the panel opens and offers the numbers
   * if it is not clear which number is meant (error `ambiguous_number`).
   */
  call(number: string, options?: EpochPhoneCallOptions | null): boolean;
  hangup(): void;
  isReady(): boolean;
  getState(): EpochPhoneState;
  /** Hangs up and goes back to `ready`. In `error` it starts the session again. */
  reset(): void;
  /** Sends one of `0-9`, `*`, `#` in a connected call; does nothing otherwise. */
  sendDtmf(digit: string | number): void;
  toggle(): void;
  /** Returns a function that unsubscribes. */
  on<Event extends keyof EpochPhoneEvents>(event: Event, callback: EpochPhoneListener<Event>): () => void;
  off<Event extends keyof EpochPhoneEvents>(event: Event, callback: EpochPhoneListener<Event>): void;
  /**
   * Starts the phone. With the same token and `apiBase` it only changes settings, as `update()` does, also in a call.
   * With others it throws in a call, unless `force` is true: the call is then ended.
   */
  init(config?: EpochPhoneConfig & { force?: boolean }): void;
  /** Changes settings at once; a call continues. Unknown settings and invalid values are ignored, with a warning. */
  update(settings: EpochPhoneChanges): void;
  /** Hangs up and removes the phone from the page. */
  destroy(): void;
  /** Shows the phone again after `hide()` or `hidden`. */
  show(): void;
  /** Hides the phone until `show()`, `open()`, `toggle()` or a call; during a call, once the call has ended. */
  hide(): void;
  open(): void;
  close(): void;
  /** `mute(false)` unmutes. */
  mute(on?: boolean): void;
  isMuted(): boolean;
  /** The present call; null without one. */
  getCall(): EpochPhoneCall | null;
  /**
   * Sets outcome, note and tags of a call that was placed with this token, until 24 hours after its end; then emits
   * `callOutcome`. Rejects with an Error that has a `code`, and emits `error`, if they cannot be stored.
   */
  setOutcome(callId: string, outcome: EpochPhoneOutcome): Promise<void>;
  /**
   * Voicemail drop: leaves a recording, a voicemail greeting, in the mailbox that the call has reached. Resolves once the
   * greeting is being played; this phone is then free for the next call. Without `greetingId` it is the newest shared
   * greeting; for a person who is signed in on our own pages, their own newest one. Rejects with an Error that has a
   * `code`, and emits `error`, if there is no connected call or no greeting, or if the carrier cannot be reached; the
   * call then continues.
   */
  dropVoicemail(greetingId?: string | null): Promise<void>;
  /**
   * Tests the microphone, the token and the connections without a call. Calls `progress` before each step with null and
   * after it with its result.
   */
  test(options?: {
    progress?: (step: EpochPhoneStep, result: EpochPhoneStepResult | null) => void;
  }): Promise<EpochPhoneReport>;
}

interface Window {
  EpochPhone?: EpochPhoneApi;
  EpochVoice?: EpochPhoneApi;
  EpochPhoneConfig?: EpochPhoneConfig;
}

declare var EpochPhone: EpochPhoneApi;
declare var EpochVoice: EpochPhoneApi;

interface WindowEventMap {
  "epochphone:ready": CustomEvent<null>;
  "epochphone:error": CustomEvent<EpochPhoneEvents["error"]>;
  "epochphone:callStarted": CustomEvent<EpochPhoneEvents["callStarted"]>;
  "epochphone:callAnswered": CustomEvent<EpochPhoneEvents["callAnswered"]>;
  "epochphone:callEnded": CustomEvent<EpochPhoneEvents["callEnded"]>;
  "epochphone:callOutcome": CustomEvent<EpochPhoneEvents["callOutcome"]>;
  "epochphone:stateChanged": CustomEvent<EpochPhoneEvents["stateChanged"]>;
  "epochphone:muted": CustomEvent<EpochPhoneEvents["muted"]>;
  "epochphone:open": CustomEvent<null>;
  "epochphone:close": CustomEvent<null>;
}
