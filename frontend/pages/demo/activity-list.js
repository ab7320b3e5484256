import { clock, timer } from "./format.js";

const OUTCOMES = {
  completed: "Answered",
  busy: "Busy",
  "no-answer": "No answer",
  failed: "Failed",
  canceled: "Hung up before an answer",
  refused: "Not allowed",
};

const TROUBLE = new Set(["busy", "no-answer", "failed", "refused"]);

/** The activity list, filled from `callEnded` alone: what a CRM would write to its own record. */
export function createActivity(document, nameOf) {
  const list = document.getElementById("activity");
  const empty = document.getElementById("no-activity");
  const icon = document.querySelector(".far .icon");

  function text(tagName, className, content) {
    const element = document.createElement(tagName);
    element.className = className;
    element.textContent = content;
    return element;
  }

  return {
    add({ number, status, duration, message }) {
      const now = new Date();
      const entry = document.createElement("li");
      if (TROUBLE.has(status)) entry.className = "bad";
      const name = nameOf(number);
      const time = text("time", "", clock(now));
      time.dateTime = now.toISOString();
      const parts = [OUTCOMES[status], duration > 0 ? timer(duration) : null, name ? number : null, message];
      entry.append(
        icon.cloneNode(true),
        text("span", "who", name ?? number),
        time,
        text("span", "outcome", parts.filter(Boolean).join(" · ")),
      );
      list.prepend(entry);
      empty.hidden = true;
    },
  };
}
