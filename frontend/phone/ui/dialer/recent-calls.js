/** The calls of this page, each a button that places it again. */
import { button, h } from "../dom.js";
import { clock } from "../components.js";

const SHOWN = 3;

/** The list of `calls` (as `phone.call` has them) in `words`; `written(number)` for reading, `pick(call)`. */
export function recentCalls(calls, words, { written, pick, language }) {
  const rows = calls.filter(({ ended }) => ended).slice(0, SHOWN);
  if (rows.length === 0) return [];
  const id = "recent";
  const list = h(
    "ul",
    { "aria-labelledby": id },
    ...rows.map((call) =>
      h(
        "li",
        {},
        button(
          { class: "recent", part: "recent", click: () => pick(call) },
          h("bdi", { dir: "ltr" }, written(call.number)),
          " ",
          h("small", {}, `${outcome(call.ended, words)} · ${timeOf(call.startedAt, language)}`),
        ),
      ),
    ),
  );
  return [h("div", { class: "heading", id }, words.recent), list];
}

function outcome({ status, duration }, words) {
  return status === "completed" ? clock(duration) : words.outcomes[status];
}

function timeOf(startedAt, language) {
  const format = { hour: "numeric", minute: "2-digit", numberingSystem: "latn" };
  return new Intl.DateTimeFormat(language, format).format(new Date(startedAt));
}
