/** The demo page's activity list: one entry for each `callEnded`, as a CRM would write it to its own record. */
import { elementById, find } from "../shared/dom.js";
import { formatDuration, formatTimeOfDay } from "./format.js";

/** @type {Record<EpochPhoneCallStatus, string>} */
const STATUS_TEXTS = {
  completed: "Answered",
  busy: "Busy",
  "no-answer": "No answer",
  failed: "Failed",
  canceled: "Hung up before an answer",
  refused: "Not allowed",
};
/** @type {EpochPhoneCallStatus[]} */
const PROBLEM_STATUSES = ["busy", "no-answer", "failed", "refused"];

/**
 * @param {Document} document
 * @param {(number: string) => string | null} nameOf
 */
export function createActivityList(document, nameOf) {
  const list = elementById("activity", document);
  const emptyNote = elementById("no-activity", document);
  const icon = find(document, ".far .icon");

  /**
   * @template {"span" | "time"} Name
   * @param {Name} tagName
   * @param {string} className
   * @param {string} content
   */
  function createText(tagName, className, content) {
    const element = document.createElement(tagName);
    element.className = className;
    element.textContent = content;
    return element;
  }

  return {
    /** @param {EpochPhoneCallEnded} call */
    add({ number, status, duration, message }) {
      const now = new Date();
      const entry = document.createElement("li");
      if (PROBLEM_STATUSES.includes(status)) entry.className = "bad";
      const name = nameOf(number);
      const time = /** @type {HTMLTimeElement} */ (createText("time", "", formatTimeOfDay(now)));
      time.dateTime = now.toISOString();
      const details = [STATUS_TEXTS[status], duration > 0 ? formatDuration(duration) : "", name ? number : "", message];
      entry.append(
        icon.cloneNode(true),
        createText("span", "who", name ?? number),
        time,
        createText("span", "outcome", details.filter(Boolean).join(" · ")),
      );
      list.prepend(entry);
      emptyNote.hidden = true;
    },
  };
}
