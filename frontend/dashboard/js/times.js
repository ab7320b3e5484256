const format = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

/** Times come in UTC; people read them in their own zone. The UTC text stays as the title. */
export function localTimes(document) {
  for (const time of document.querySelectorAll("time[datetime]:not([title])")) {
    time.title = time.textContent;
    time.textContent = format.format(new Date(time.dateTime));
  }
}
