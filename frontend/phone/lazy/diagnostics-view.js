/** "Check my phone" in the panel: each step as it goes, what to do where one fails, and a report to copy. */
import { STYLES } from "../ui/settings-sheet/diagnostics-styles.js";
import { button, h, icon } from "../ui/dom.js";
import { check as english } from "../i18n/locales/en.js";

const BACK = "m15 5-7 7 7 7";
const MARKS = { ok: "m5 12 5 5 9-10", failed: "M6 6l12 12M18 6 6 18", untried: "M6 12h12" };
const COPIED_MS = 2_000;

/** Fill `slot` for `panel` and begin; `back()` leaves. Returns what to do when it is left. */
export function showCheck(panel, slot, back) {
  const { phone, env, texts } = panel;
  const words = texts.check ?? english;
  const spoken = h("div", { class: "sr", role: "status" });
  const verdict = h("p", { class: "verdict", hidden: true });
  const report = h("textarea", { readonly: true, rows: "6", "aria-label": words.report, class: "ltr", hidden: true });
  const list = h("ul", { class: "steps" });
  const again = button({ class: "main", click: () => run() }, words.again);
  const copy = button({ class: "second", click: () => copyReport() }, words.copy);
  const leave = button({ class: "icon", "aria-label": words.back, click: back }, icon(BACK));
  let isLeft = false;

  const run = async () => {
    const steps = Object.entries(words.steps).map(([name, step]) => [name, stepOf(step, words)]);
    const byName = Object.fromEntries(steps);
    list.replaceChildren(...steps.map(([, { element }]) => element));
    for (const part of [verdict, again, copy, report]) part.hidden = true;
    leave.focus();
    const told = (name, result, advice) => {
      if (isLeft) return;
      byName[name].show(result && inWords(name, result, advice));
      spoken.textContent = byName[name].spoken;
    };
    let found;
    try {
      found = await phone.check(told);
    } catch (problem) {
      found = { ok: false, text: "", trouble: inWords("", problem) };
    }
    if (isLeft) return;
    const { ok, text, trouble } = found;
    verdict.textContent = trouble ? `${trouble.message}. ${trouble.fix}` : ok ? words.good : words.bad;
    verdict.toggleAttribute("data-bad", !ok);
    spoken.textContent = verdict.textContent;
    report.value = text;
    verdict.hidden = again.hidden = false;
    copy.hidden = !text;
    if (slot.contains(slot.getRootNode().activeElement)) again.focus();
  };
  const copyReport = async () => {
    try {
      await env.navigator.clipboard.writeText(report.value);
      copy.textContent = spoken.textContent = words.copied;
      setTimeout(() => {
        copy.textContent = words.copy;
      }, COPIED_MS);
    } catch {
      // A page or a frame may forbid the clipboard: people copy by hand then.
      report.hidden = false;
      report.select();
    }
  };
  /** A result in the language of the panel. */
  const inWords = (name, { ok, code, message, fix }, advice) => {
    if (ok) return { mark: "ok", message: words.steps[name].done };
    const [sentence, remedy] = words.faults[code] ?? texts.problems?.[code] ?? [];
    const mark = code === "not_tried" || code === "in_call" ? "untried" : "failed";
    return { mark, message: sentence ?? message, fix: advice ?? remedy ?? fix };
  };

  panel.adopt(STYLES);
  slot.replaceChildren(
    h("div", { class: "bar-row" }, leave, h("h2", {}, words.title)),
    h("p", { class: "quiet" }, words.intro),
    list,
    verdict,
    h("div", { class: "actions" }, again, copy),
    report,
    spoken,
  );
  run();
  return () => {
    isLeft = true;
  };
}

/** One line of the list: `show(null)` while it is tried, `show({mark, message, fix})` after. */
function stepOf({ name, now }, { marks }) {
  const mark = h("span", { class: "step-mark" });
  const message = h("div", { class: "quiet" });
  const fix = h("div", { class: "fix" });
  const element = h("li", { class: "step" }, mark, h("div", {}, h("div", { class: "step-name" }, name), message, fix));
  const step = { element, spoken: "", show };
  function show(result) {
    const { mark: kind, message: sentence, fix: remedy } = result ?? { message: now };
    element.dataset.mark = kind ?? "now";
    const picture = kind ? icon(MARKS[kind]) : h("span", { class: "spin" });
    mark.replaceChildren(picture, h("span", { class: "sr" }, kind ? marks[kind] : ""));
    message.textContent = sentence;
    fix.textContent = remedy ?? "";
    step.spoken = [name, sentence, remedy].filter(Boolean).join(". ");
  }
  return step;
}
