/** Lists the last calls of this page, each a button that calls the number again. */
import { formatDuration } from "../components.js";
import { button, h } from "../dom.js";

/** @import { dialer } from "../../i18n/locales/en.js" */
/** @import { CallEnd, PhoneCall } from "../../types.d.ts" */

const MAX_ROWS = 3;

/**
 * The heading and the list; nothing without calls.
 * @param {PhoneCall[]} calls
 * @param {typeof dialer} texts
 * @param {{format: (number: string) => string, onPick: (call: PhoneCall) => void, language: string}} options
 */
export function recentCallsList(calls, texts, { format, onPick, language }) {
  const rows = calls
    .flatMap((call) => (call.ended ? [{ call, end: call.ended }] : []))
    .slice(0, MAX_ROWS)
    .map(({ call, end }) => {
      const details = `${resultOf(end, texts)} · ${formatTime(call.startedAt, language)}`;
      const number = h("bdi", { dir: "ltr" }, format(call.number));
      const attributes = { class: "recent", part: "recent", click: () => onPick(call) };
      return h("li", {}, button(attributes, number, " ", h("small", {}, details)));
    });
  if (rows.length === 0) return [];
  const id = "recent";
  return [h("div", { class: "heading", id }, texts.recent), h("ul", { "aria-labelledby": id }, ...rows)];
}

/**
 * @param {CallEnd} end
 * @param {typeof dialer} texts
 */
function resultOf({ status, duration }, texts) {
  return status === "completed" ? formatDuration(duration) : texts.statuses[status];
}

/**
 * @param {string} startedAt
 * @param {string} language
 */
function formatTime(startedAt, language) {
  /** @type {Intl.DateTimeFormatOptions} */
  const format = { hour: "numeric", minute: "2-digit", numberingSystem: "latn" };
  return new Intl.DateTimeFormat(language, format).format(new Date(startedAt));
}
