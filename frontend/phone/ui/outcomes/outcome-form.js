/** Builds the form for the outcome and the note of one call, and the line that reminds of a call without an outcome. */
import { button, h, icon } from "../dom.js";

/** @import { outcomes as English } from "../../i18n/locales/en.js" */
/** @import { Draft } from "./draft-store.js" */
/** @typedef {typeof English} OutcomeTexts */
/** @typedef {{name: string, colour: string}} Outcome */

/** The server's limit, in code points. */
const MAX_NOTE_LENGTH = 5_000;
const SHORTCUT_KEYS = 9;
const COMPOSING_KEY_CODE = 229;
const CROSS = "M6 6l12 12M18 6 6 18";

/**
 * @param {Draft} draft The form changes it as a person chooses and writes.
 * @param {Outcome[]} outcomes
 * @param {OutcomeTexts} texts
 * @param {{onChange: () => void, onSave: () => void, onLater: () => void}} handlers
 */
export function outcomeForm(draft, outcomes, texts, { onChange, onSave, onLater }) {
  const choices = outcomes.map(({ name, colour }, index) => {
    const dot = h("i", { "aria-hidden": "true" });
    dot.style.background = colour;
    const key = index < SHORTCUT_KEYS ? String(index + 1) : null;
    return button(
      { class: "choice", "aria-keyshortcuts": key, click: () => choose(name) },
      dot,
      h("span", { dir: "auto" }, name),
      ...(key ? [h("kbd", { "aria-hidden": "true" }, key)] : []),
    );
  });
  const count = h("div", { class: "note-count", id: "note-count", role: "status" });
  // No `maxlength`: browsers would cut a pasted text at that length without telling the person.
  const note = h("textarea", {
    "aria-label": texts.note,
    "aria-describedby": count.id,
    placeholder: texts.note,
    rows: 2,
    dir: "auto",
    input: () => {
      draft.note = note.value;
      show();
      onChange();
    },
    keydown: (/** @type {KeyboardEvent} */ event) => {
      // In Safari only the key code distinguishes the Enter that ends a composition of an input method.
      if (event.key !== "Enter" || event.isComposing || event.keyCode === COMPOSING_KEY_CODE) return;
      if (event.shiftKey || event.altKey) return;
      event.preventDefault();
      if (!event.repeat && !save.disabled) onSave();
    },
  });
  note.value = draft.note;
  const save = button({ class: "save", click: onSave }, texts.save);
  const error = h("div", { class: "outcome-message", role: "alert" });
  const element = h(
    "section",
    { class: "outcome", "aria-label": texts.title },
    h("div", { class: "outcome-head" }, texts.title),
    h("div", { class: "choices", role: "group", "aria-label": texts.title }, ...choices),
    note,
    count,
    error,
    h("div", { class: "outcome-foot" }, save, button({ class: "later", click: onLater }, texts.later)),
  );
  const show = () => {
    for (const [index, { name }] of outcomes.entries()) {
      choices[index].setAttribute("aria-pressed", String(name === draft.outcome));
    }
    const length = [...draft.note].length;
    const isTooLong = length > MAX_NOTE_LENGTH;
    count.textContent = isTooLong ? `${length} / ${MAX_NOTE_LENGTH}` : "";
    note.setAttribute("aria-invalid", String(isTooLong));
    save.disabled = isTooLong || (!draft.outcome && !draft.note.trim());
  };
  /** @param {string} name A second press on the chosen outcome removes the choice. */
  const choose = (name) => {
    draft.outcome = draft.outcome === name ? "" : name;
    show();
    onChange();
  };
  show();
  return {
    element,
    /**
     * Choose the outcome of a key, and focus the note. False if the key chooses nothing.
     * @param {string} key
     */
    press(key) {
      const outcome = /^[1-9]$/.test(key) && outcomes[Number(key) - 1];
      if (!outcome) return false;
      draft.outcome = outcome.name;
      show();
      onChange();
      note.focus({ preventScroll: true });
      return true;
    },
    /** @param {boolean} isBusy */
    setBusy(isBusy) {
      save.disabled = isBusy;
      if (isBusy) error.textContent = "";
      else show();
    },
    /** @param {string} text The reason for which the outcome was not saved. */
    showError(text) {
      error.textContent = text;
    },
  };
}

/**
 * The line that reminds of a call without an outcome.
 * @param {string} number Formatted.
 * @param {OutcomeTexts} texts
 * @param {{open: () => void, remove: () => void}} handlers
 */
export function missingOutcomeLine(number, texts, { open, remove }) {
  const [before, after = ""] = texts.missing.split("{number}");
  return h(
    "div",
    { class: "missing-outcome" },
    h("span", {}, before, h("bdi", { dir: "ltr" }, number), after),
    button({ click: open }, texts.add),
    button({ class: "icon", "aria-label": texts.remove, click: remove }, icon(CROSS)),
  );
}
