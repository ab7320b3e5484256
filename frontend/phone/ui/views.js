/** Decides what the panel shows: the table VIEWS has the texts and actions for each state of the phone. */
import { Problem } from "../errors.js";
import { formatDuration } from "./components.js";
import { isLasting } from "./lasting-problems.js";

/** @import { Phone } from "../core.js" */
/** @import { Core, ProblemTexts, Texts } from "../i18n/texts.js" */
/** @import { PhoneCall, PostDialStep, RemoteCall } from "../types.d.ts" */
/** @import { ICONS } from "./dom.js" */

/**
 * @typedef {"call" | "hangUp" | "callAgain" | "reset" | "copyDetails" | "sendTones"} Action
 * @typedef {{message: string, fix?: string, isCalm?: boolean}} Message A sentence and its fix; `isCalm`: not an error.
 * @typedef {object} MainButton
 * @property {string} text
 * @property {Action} [action]
 * @property {keyof typeof ICONS} [icon]
 * @property {boolean} [isDisabled]
 * @property {boolean} [isBusy]
 * @property {boolean} [isHangUp]
 */

/**
 * @typedef {object} ViewContent
 * @property {MainButton} main
 * @property {{text: string, action: Action}} [secondary]
 * @property {boolean} [showsDialer] True if the number field and the keypad are shown.
 * @property {boolean} [showsChoices] True if a list of numbers to choose from is shown without the field.
 * @property {boolean} [isAsWritten] True if `peer` is not formatted.
 * @property {Message | null} [dialError]
 * @property {Message | null} [message]
 * @property {string} [peer] The called number.
 * @property {string} [extension] The extension as a text, such as "ext. 204".
 * @property {string} [person] Name and company of the called person.
 * @property {string} [status] Of the call.
 * @property {string} [note] Below the status.
 * @property {boolean} [isLive] True if the call is answered, so that the status is its running time.
 * @property {boolean} [isInPopOut]
 * @property {string} [announcement] For the live region.
 */

/** @typedef {ViewContent & {state: EpochPhoneState, announcement: string}} View */
/** @typedef {(problem: Problem | null) => Message | null} Translate */

/**
 * @param {Phone} phone
 * @param {Texts} texts
 * @param {string} [qualityWarning] The text about a problem with the sound of the call.
 * @returns {View}
 */
export function viewOf(phone, { core, problems = {}, explain }, qualityWarning) {
  const { state } = phone;
  /** @type {Translate} */
  const translate = (problem) => problem && messageOf(problem, problems, explain);
  if (phone.remoteCall && phone.isReady) return { state, ...remoteCallView(phone.remoteCall, core) };
  return { state, announcement: core.states[state], ...VIEWS[state](phone, core, translate, qualityWarning ?? "") };
}

/** @type {Record<EpochPhoneState, (phone: Phone, texts: Core, translate: Translate, qualityWarning: string) => ViewContent>} */
const VIEWS = {
  loading: (phone, texts, translate) => ({
    showsDialer: true,
    message: offlineMessage(phone, translate),
    main: { text: texts.connecting, isDisabled: true, isBusy: true },
  }),
  ready: (phone, texts, translate) => ({
    showsDialer: true,
    announcement: "",
    dialError: translate(phone.dialError),
    message: offlineMessage(phone, translate),
    main: { text: texts.call, icon: "phone", action: "call" },
  }),
  dialing: (phone, texts, translate) => ({
    ...callView(phone.call, texts, texts.calling),
    ...noticeView(phone, translate),
  }),
  ringing: (phone, texts, translate) => ({
    ...callView(phone.call, texts, texts.ringing),
    ...noticeView(phone, translate),
  }),
  "in-progress": (phone, texts, translate, qualityWarning) => {
    const offline = phone.isOffline ? translate(offlineProblem())?.message : "";
    const warning = offline || (phone.isReconnecting ? texts.reconnecting : qualityWarning);
    const { waiting, sending } = toneTexts(phone.postDial, texts);
    return {
      ...callView(phone.call, texts, ""),
      ...noticeView(phone, translate),
      isLive: true,
      note: warning || sending || (phone.isMuted ? texts.muted : phone.isInPopOut ? texts.callInPopOut : ""),
      isInPopOut: phone.isInPopOut,
      announcement: warning || waiting || sending || texts.states[phone.state],
      ...(waiting ? { secondary: { text: waiting, action: "sendTones" } } : {}),
    };
  },
  completed: (phone, texts, translate) => endView(phone, texts, translate, texts.callAgain),
  failed: (phone, texts, translate) => endView(phone, texts, translate, texts.tryAgain),
  error: (phone, texts, translate) => ({
    announcement: "",
    message: translate(phone.problem),
    main: { text: texts.retry, action: "reset" },
    secondary: { text: texts.copyDetails, action: "copyDetails" },
  }),
};

/**
 * The view without number field, for a page that switched the dialpad off: it shows a number of the page that waits for Call,
 * a refused text with the reason, the numbers that a text may mean, or the hint to click a number on the page.
 * @param {View} view
 * @param {Core} texts
 * @param {object} state
 * @param {boolean} state.offersNumbers True if the panel lists numbers of which one is meant.
 * @param {string} state.text The text in the hidden number field.
 * @param {EpochPhoneCallOptions | null} state.proposed The options of the call if `text` waits for Call, else null.
 * @returns {View}
 */
export function withoutDialpad(view, texts, { offersNumbers, text, proposed }) {
  const main = proposed || view.main.action !== "call" ? view.main : { ...view.main, isDisabled: true };
  const base = { ...view, main, showsDialer: false, showsChoices: offersNumbers };
  if (offersNumbers) return base;
  const { dialError, message } = view;
  if (!proposed && !dialError) return { ...base, message: message ?? { message: texts.pageNumbersOnly, isCalm: true } };
  const person = [proposed?.name, proposed?.company].filter(Boolean).join(" · ");
  return { ...base, message: dialError ?? message, isAsWritten: true, peer: text, person };
}

// Created only when it is shown: with a debugger attached, creating an Error while phone.js runs parses the whole file again.
const offlineProblem = () => new Problem("offline");

/**
 * @param {Phone} phone
 * @param {Translate} translate
 */
function offlineMessage({ isOffline }, translate) {
  const message = isOffline ? translate(offlineProblem()) : null;
  return message && { ...message, isCalm: true };
}

/**
 * @param {Phone} phone
 * @param {Translate} translate
 */
function noticeView({ notice }, translate) {
  const message = translate(notice);
  return { message: message && { ...message, isCalm: true } };
}

/**
 * The texts about the tones that follow the answer: `waiting` for tones that a person must send, `sending` for those in progress.
 * @param {PostDialStep | null} step
 * @param {Core} texts
 */
function toneTexts(step, { sendTones, sendingTones }) {
  if (!step) return {};
  const { digits, isWaiting } = step;
  return isWaiting
    ? { waiting: sendTones.replace("{digits}", digits) }
    : { sending: sendingTones.replace("{digits}", digits) };
}

/**
 * @param {PhoneCall | RemoteCall | null} call
 * @param {Core} texts
 */
const peerOf = (call, texts) => ({
  peer: call?.number,
  extension: call && "extension" in call && call.extension ? texts.extension.replace("{digits}", call.extension) : "",
  person: [call?.name, call?.company].filter(Boolean).join(" · "),
});

/**
 * @param {PhoneCall | RemoteCall | null} call
 * @param {Core} texts
 * @param {string} status
 * @returns {ViewContent}
 */
function callView(call, texts, status) {
  return {
    ...peerOf(call, texts),
    status,
    main: { text: texts.hangUp, icon: "phone", action: "hangUp", isHangUp: true },
  };
}

/**
 * @param {RemoteCall} call
 * @param {Core} texts
 */
function remoteCallView(call, texts) {
  return { ...callView(call, texts, ""), note: texts.callInOtherTab, announcement: texts.callInOtherTab };
}

/**
 * @param {Phone} phone
 * @param {Core} texts
 * @param {Translate} translate
 * @param {string} callAgainText
 * @returns {ViewContent}
 */
function endView({ call, dialError }, texts, translate, callAgainText) {
  const { problem = null, status = "failed", message = null, duration = 0, endedByRemote } = call?.ended ?? {};
  const isNormal = status === "completed" || status === "canceled";
  const endText = texts.endedWith[status];
  const fix = /** @type {Record<string, string>} */ (texts.statusHints)[status];
  return {
    ...peerOf(call, texts),
    status: isNormal ? endText + (status === "completed" ? ` · ${formatDuration(duration)}` : "") : "",
    note: endedByRemote ? texts.endedByRemote : "",
    announcement: isNormal ? endText : "",
    dialError: translate(dialError),
    message: isNormal && !problem ? null : (translate(problem) ?? { message: message ?? endText, fix, isCalm: true }),
    ...(problem && isLasting(problem)
      ? { main: { text: texts.newCall, action: "reset" } }
      : {
          main: { text: callAgainText, icon: "phone", action: "callAgain" },
          secondary: { text: texts.newCall, action: "reset" },
        }),
  };
}

/**
 * The sentence and the fix of a problem in a language; in English where the language has none.
 * @param {Problem} problem
 * @param {ProblemTexts} problems
 * @param {Texts["explain"]} explain
 * @returns {Message}
 */
function messageOf(problem, problems, explain) {
  const { code, fixCode, fallbackFixCode, message, fix, help, specificFix } = problem;
  // The carrier's own reason, which exists in English only.
  if (code === "call_failed" && help) return { message, fix };
  const [, generalFix] = problems[fixCode] ?? problems[fallbackFixCode] ?? [];
  return { message: problems[code]?.[0] ?? message, fix: explain?.(problem) ?? specificFix ?? generalFix ?? fix };
}
