const SHORT = { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" };
const EXACT = { ...SHORT, second: "2-digit" };

/** Times come in UTC; people read them in their own zone, without a year that is this one. UTC stays as the title. */
export function localTimes(document) {
  const year = new Date().getFullYear();
  for (const time of document.querySelectorAll("time[data-time]:not([title])")) {
    const moment = new Date(time.dateTime);
    const parts = time.dataset.time === "exact" ? EXACT : SHORT;
    time.title = time.textContent;
    const wanted = moment.getFullYear() === year ? parts : { ...parts, year: "numeric" };
    time.textContent = new Intl.DateTimeFormat("en", wanted).format(moment);
  }
}
