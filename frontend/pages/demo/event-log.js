/** The demo page's event log: shows the phone's last 200 events, newest first. */
import { elementById } from "../shared/dom.js";
import { formatTimeOfDay } from "./format.js";

const MAX_ENTRIES = 200;

/** @param {Document} document */
export function createEventLog(document) {
  const list = elementById("events", document);
  const emptyNote = elementById("no-events", document);

  elementById("clear-events", document).addEventListener("click", () => {
    list.replaceChildren();
    emptyNote.hidden = false;
  });

  return {
    /**
     * @param {keyof EpochPhoneEvents} event
     * @param {unknown} payload
     */
    add(event, payload) {
      const entry = document.createElement("li");
      const time = document.createElement("time");
      time.textContent = formatTimeOfDay(new Date(), { seconds: true });
      const name = document.createElement("span");
      name.className = event === "error" ? "event bad" : "event";
      name.textContent = event;
      entry.append(time, name);
      if (payload !== undefined) {
        const data = document.createElement("span");
        data.className = "payload";
        data.textContent = JSON.stringify(payload);
        entry.append(data);
      }
      list.prepend(entry);
      while (list.children.length > MAX_ENTRIES) list.lastElementChild?.remove();
      emptyNote.hidden = true;
    },
  };
}
