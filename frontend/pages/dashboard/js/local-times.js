/** Shows times in the reader's time zone. The server sends them in UTC, which stays as the title. */

/** @type {Intl.DateTimeFormatOptions} */
const SHORT_FORMAT = { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" };
/** @type {Intl.DateTimeFormatOptions} */
const EXACT_FORMAT = { ...SHORT_FORMAT, second: "2-digit" };

/**
 * Convert every `time[data-time]` that is not converted yet. The present year is left out.
 * @param {Document} document
 */
export function showLocalTimes(document) {
  const year = new Date().getFullYear();
  /** @type {NodeListOf<HTMLTimeElement>} */
  const times = document.querySelectorAll("time[data-time]:not([title])");
  for (const time of times) {
    const date = new Date(time.dateTime);
    const base = time.dataset.time === "exact" ? EXACT_FORMAT : SHORT_FORMAT;
    const format = date.getFullYear() === year ? base : { ...base, year: /** @type {const} */ ("numeric") };
    time.title = time.textContent ?? "";
    time.textContent = new Intl.DateTimeFormat("en", format).format(date);
  }
}
