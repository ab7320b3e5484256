import { clock } from "./format.js";

const MOST_ENTRIES = 200;
const TROUBLE = new Set(["error"]);

/** The event console: everything the phone emits, newest first. */
export function createConsole(document) {
  const list = document.getElementById("events");
  const empty = document.getElementById("no-events");

  document.getElementById("clear-events").addEventListener("click", () => {
    list.replaceChildren();
    empty.hidden = false;
  });

  return {
    add(event, payload) {
      const entry = document.createElement("li");
      const time = document.createElement("time");
      time.textContent = clock(new Date(), { seconds: true });
      const name = document.createElement("span");
      name.className = TROUBLE.has(event) ? "event bad" : "event";
      name.textContent = event;
      entry.append(time, name);
      if (payload !== undefined) {
        const data = document.createElement("span");
        data.className = "payload";
        data.textContent = JSON.stringify(payload);
        entry.append(data);
      }
      list.prepend(entry);
      while (list.children.length > MOST_ENTRIES) list.lastElementChild.remove();
      empty.hidden = true;
    },
  };
}
