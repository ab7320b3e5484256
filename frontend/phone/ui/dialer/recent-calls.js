/**
 * Builds the list of recent calls, in which each call is a button that writes its number to the number field and does
 * not call; formats the times in lists of calls.
 */
import { formatDuration } from "../components.js";
import { button, h } from "../dom.js";

/** @import { dialer } from "../../i18n/locales/en.js" */
/** @import { RecentCall } from "./recent-call-store.js" */
/** @typedef {{format: (number: string) => string, extensionText: string}} NumberTexts */

/**
 * The heading and the list; nothing without calls.
 * @param {RecentCall[]} calls
 * @param {typeof dialer} texts
 * @param {{
 *   format: (number: string) => string, extensionText: string, onPick: (call: RecentCall) => void, onClear: () => void,
 *   formatTime: (time: Date) => string
 * }} options
 */
export function recentCallsList(calls, texts, { format, extensionText, onPick, onClear, formatTime }) {
  if (calls.length === 0) return [];
  const rows = calls.map((call) => {
    const number = h("bdi", { dir: "ltr" }, numberOf(call, { format, extensionText }));
    const person = [call.name, call.company].filter(Boolean).join(" · ");
    const details = [resultOf(call, texts), formatTime(new Date(call.startedAt))].filter(Boolean);
    const parts = [h("small", {}, details.join(" · ")), ...(person ? [h("small", { class: "below" }, number)] : [])];
    const title = person ? h("bdi", { class: "who" }, person) : number;
    return h("li", {}, button({ class: "recent", part: "recent", click: () => onPick(call) }, title, " ", ...parts));
  });
  const id = "recent";
  const clear = button({ class: "clear", click: onClear }, texts.clearRecent);
  return [
    h("div", { class: "heading" }, h("span", { id }, texts.recent), clear),
    h("ul", { "aria-labelledby": id }, ...rows),
  ];
}

/**
 * @param {RecentCall} call
 * @param {typeof dialer} texts
 */
function resultOf({ status, duration = 0 }, texts) {
  if (!status) return "";
  return status === "completed" ? formatDuration(duration) : texts.statuses[status];
}

/**
 * Update the numbers in the existing list: replacing the buttons would lose the focus and interrupt a press.
 * @param {Element} list
 * @param {RecentCall[]} calls
 * @param {NumberTexts} texts
 */
export function rewriteNumbers(list, calls, texts) {
  for (const [index, element] of list.querySelectorAll("bdi[dir]").entries()) {
    element.textContent = numberOf(calls[index], texts);
  }
}

/**
 * @param {RecentCall} call
 * @param {NumberTexts} texts
 */
function numberOf({ number, extension }, { format, extensionText }) {
  return [format(number), extension && extensionText.replace("{digits}", extension)].filter(Boolean).join(" ");
}

/**
 * A function that formats a time, with the day if it is not today. Its two `Intl.DateTimeFormat` objects are created when they
 * are first needed, because creating one takes longer than the rest of a row.
 * @param {string} language
 * @param {() => number} now
 */
export function createTimeFormat(language, now) {
  /** @param {Intl.DateTimeFormatOptions} day */
  const create = (day) => {
    /** @type {Intl.DateTimeFormat | undefined} */
    let format;
    const options = { ...day, hour: "numeric", minute: "2-digit", numberingSystem: "latn" };
    return (/** @type {Date} */ time) => {
      format ??= new Intl.DateTimeFormat(language, /** @type {Intl.DateTimeFormatOptions} */ (options));
      return format.format(time);
    };
  };
  const formatToday = create({});
  const formatOther = create({ month: "short", day: "numeric" });
  /** @param {Date} time */
  return (time) => (time.toDateString() === new Date(now()).toDateString() ? formatToday : formatOther)(time);
}
