/**
 * The chunk of the panel's view "Check my phone": shows each step of the diagnostics, the fix of a failed step, and a
 * report to copy.
 */
import { asProblem } from "../errors.js";
import { diagnostics as english } from "../i18n/locales/en.js";
import { button, h, icon } from "../ui/dom.js";
import { DIAGNOSTICS_STYLES } from "../ui/settings-sheet/diagnostics-styles.js";
import { BACK_ICON } from "../ui/settings-sheet/icons.js";

/** @import { Problem } from "../errors.js" */
/** @import { Diagnostics } from "../i18n/texts.js" */
/** @import { Panel } from "../ui/panel.js" */
/** @import { Reason, Step } from "./diagnostics.js" */

/**
 * @typedef {"ok" | "failed" | "notTried"} Mark
 * @typedef {{mark?: Mark, message: string, fix?: string | null}} ShownResult
 */

/** @type {Record<Mark, string>} */
const MARK_ICONS = { ok: "m5 12 5 5 9-10", failed: "M6 6l12 12M18 6 6 18", notTried: "M6 12h12" };
const COPIED_MS = 2_000;

/**
 * Show the view in `sheet` and run the diagnostics. Returns a function to be called when the view is left.
 * @param {Panel} panel
 * @param {HTMLElement} sheet
 * @param {() => void} goBack
 */
export function fillDiagnostics(panel, sheet, goBack) {
  const { phone, env, texts } = panel;
  const viewTexts = texts.diagnostics ?? english;
  const liveRegion = h("div", { class: "sr", role: "status" });
  const verdict = h("p", { class: "verdict", hidden: true });
  const report = h("textarea", {
    readonly: true,
    rows: "6",
    "aria-label": viewTexts.report,
    class: "ltr",
    hidden: true,
  });
  const list = h("ul", { class: "steps" });
  const againButton = button({ class: "main", click: () => run() }, viewTexts.again);
  const copyButton = button({ class: "second", click: () => copyReport() }, viewTexts.copy);
  const backButton = button({ class: "icon", "aria-label": viewTexts.back, click: goBack }, icon(BACK_ICON));
  let isLeft = false;

  const run = async () => {
    const rows = {
      microphone: createRow(viewTexts.steps.microphone, viewTexts.marks),
      token: createRow(viewTexts.steps.token, viewTexts.marks),
      signaling: createRow(viewTexts.steps.signaling, viewTexts.marks),
      media: createRow(viewTexts.steps.media, viewTexts.marks),
    };
    list.replaceChildren(...Object.values(rows).map(({ element }) => element));
    for (const element of [verdict, againButton, copyButton, report]) element.hidden = true;
    backButton.focus();
    try {
      const result = await phone.calls.runDiagnostics((step, result, reason) => {
        if (!isLeft) liveRegion.textContent = rows[step].show(result && translate(step, result, reason));
      });
      showVerdict(result.ok ? viewTexts.allPassed : viewTexts.someFailed, result);
    } catch (error) {
      const { message, fix } = translate(null, { ...problemFields(error), ok: false });
      showVerdict(`${message}. ${fix}`, { ok: false, text: "" });
    }
  };
  /**
   * @param {string} sentence
   * @param {{ok: boolean, text: string}} result
   */
  const showVerdict = (sentence, { ok, text }) => {
    if (isLeft) return;
    verdict.textContent = sentence;
    verdict.toggleAttribute("data-bad", !ok);
    liveRegion.textContent = sentence;
    report.value = text;
    verdict.hidden = againButton.hidden = false;
    copyButton.hidden = !text;
    const root = /** @type {Document | ShadowRoot} */ (sheet.getRootNode());
    if (sheet.contains(root.activeElement)) againButton.focus();
  };
  const copyReport = async () => {
    try {
      await env.navigator.clipboard.writeText(report.value);
      copyButton.textContent = liveRegion.textContent = viewTexts.copied;
      setTimeout(() => {
        copyButton.textContent = viewTexts.copy;
      }, COPIED_MS);
    } catch {
      // A page or a frame may forbid the clipboard: show the report, selected, to be copied by hand.
      report.hidden = false;
      report.select();
    }
  };
  /**
   * A result in the language of the panel.
   * @param {Step | null} step
   * @param {{ok: boolean, code: string | null, message: string, fix?: string | null}} result
   * @param {Reason} [reason]
   * @returns {ShownResult}
   */
  const translate = (step, { ok, code, message, fix }, reason) => {
    if (ok && step) return { mark: "ok", message: viewTexts.steps[step].passed };
    /** @type {Record<string, (string | undefined)[]>} */
    const faults = viewTexts.faults;
    const [sentence, translatedFix] = faults[code ?? ""] ?? texts.problems?.[code ?? ""] ?? [];
    const mark = code === "not_tried" || code === "in_call" ? "notTried" : "failed";
    const problem = /** @type {Problem} */ ({ code, fixCode: code, details: reason?.details ?? {} });
    return {
      mark,
      message: sentence ?? message,
      fix: texts.explain?.(problem) ?? reason?.specificFix ?? translatedFix ?? fix,
    };
  };

  panel.adoptStyles(DIAGNOSTICS_STYLES);
  sheet.replaceChildren(
    h("div", { class: "bar-row" }, backButton, h("h2", {}, viewTexts.title)),
    h("p", { class: "quiet" }, viewTexts.intro),
    list,
    verdict,
    h("div", { class: "actions" }, againButton, copyButton),
    report,
    liveRegion,
  );
  run();
  return () => {
    isLeft = true;
  };
}

/** @param {unknown} error */
const problemFields = (error) => {
  const { code, message, fix } = asProblem(error);
  return { code, message, fix };
};

/**
 * A row of the list. `show(null)` while the step runs, `show(result)` after it; returns the text for the live region.
 * @param {{name: string, testing: string}} step
 * @param {Diagnostics["marks"]} marks
 */
function createRow({ name, testing }, marks) {
  const markElement = h("span", { class: "step-mark" });
  const messageElement = h("div", { class: "quiet" });
  const fixElement = h("div", { class: "fix" });
  const details = h("div", {}, h("div", { class: "step-name" }, name), messageElement, fixElement);
  const element = h("li", { class: "step" }, markElement, details);
  /** @param {ShownResult | null} result */
  const show = (result) => {
    const { mark, message, fix } = result ?? { message: testing };
    element.dataset.mark = mark ?? "testing";
    const image = mark ? icon(MARK_ICONS[mark]) : h("span", { class: "spin" });
    markElement.replaceChildren(image, h("span", { class: "sr" }, mark ? marks[mark] : ""));
    messageElement.textContent = message;
    fixElement.textContent = fix ?? "";
    return [name, message, fix].filter(Boolean).join(". ");
  };
  return { element, show };
}
