/** Builds the form that asks for the outcome and a note of one call, and the line that recalls a call without them. */
import { button, h, icon } from "../dom.js";

/** @import { outcomes as English } from "../../i18n/locales/en.js" */
/** @import { Draft } from "./draft-store.js" */
/** @typedef {typeof English} OutcomeTexts */
/** @typedef {{name: string, colour: string}} Outcome */

/** The server's limit, in code points. */
const MAX_NOTE_LENGTH = 5_000;
const KEYS = 9;
const COMPOSING_KEY_CODE = 229;
const CROSS = "M6 6l12 12M18 6 6 18";

/**
 * @param {Draft} draft Changed as a person chooses and writes.
 * @param {Outcome[]} outcomes
 * @param {OutcomeTexts} words
 * @param {{change: () => void, save: () => void, later: () => void}} on
 */
export function outcomeForm(draft, outcomes, words, on) {
  const choices = outcomes.map(({ name, colour }, index) => {
    const dot = h("i", { "aria-hidden": "true" });
    dot.style.background = colour;
    const key = index < KEYS ? String(index + 1) : null;
    return button(
      { class: "choice", "aria-keyshortcuts": key, click: () => choose(name) },
      dot,
      h("span", { dir: "auto" }, name),
      ...(key ? [h("kbd", { "aria-hidden": "true" }, key)] : []),
    );
  });
  const count = h("div", { class: "note-count", id: "note-count", role: "status" });
  // Without a maximum length: browsers cut what is pasted to it, and say nothing.
  const note = h("textarea", {
    "aria-label": words.note,
    "aria-describedby": count.id,
    placeholder: words.note,
    rows: 2,
    dir: "auto",
    input: () => {
      draft.note = note.value;
      show();
      on.change();
    },
    keydown: (/** @type {KeyboardEvent} */ event) => {
      // Safari tells the Enter that ends a composition by its code alone.
      if (event.key !== "Enter" || event.isComposing || event.keyCode === COMPOSING_KEY_CODE) return;
      if (event.shiftKey || event.altKey) return;
      event.preventDefault();
      if (!event.repeat && !save.disabled) on.save();
    },
  });
  note.value = draft.note;
  const save = button({ class: "save", click: on.save }, words.save);
  const said = h("div", { class: "outcome-said", role: "alert" });
  const element = h(
    "section",
    { class: "outcome", "aria-label": words.title },
    h("div", { class: "outcome-head" }, words.title),
    h("div", { class: "choices", role: "group", "aria-label": words.title }, ...choices),
    note,
    count,
    said,
    h("div", { class: "outcome-foot" }, save, button({ class: "later", click: on.later }, words.later)),
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
  /** @param {string} name A second press takes the choice back. */
  const choose = (name) => {
    draft.outcome = draft.outcome === name ? "" : name;
    show();
    on.change();
  };
  show();
  return {
    element,
    /**
     * Choose by a key, and go on to the note. False for a key that is none of the form.
     * @param {string} key
     */
    press(key) {
      const outcome = /^[1-9]$/.test(key) && outcomes[Number(key) - 1];
      if (!outcome) return false;
      draft.outcome = outcome.name;
      show();
      on.change();
      note.focus({ preventScroll: true });
      return true;
    },
    /** @param {boolean} isBusy */
    setBusy(isBusy) {
      save.disabled = isBusy;
      if (isBusy) said.textContent = "";
      else show();
    },
    /** @param {string} text The reason for which it was not saved. */
    say(text) {
      said.textContent = text;
    },
  };
}

/**
 * The line about a call whose outcome is still to be told.
 * @param {string} number Written for reading.
 * @param {OutcomeTexts} words
 * @param {{open: () => void, remove: () => void}} on
 */
export function missingLine(number, words, { open, remove }) {
  const [before, after = ""] = words.missing.split("{number}");
  return h(
    "div",
    { class: "missing" },
    h("span", {}, before, h("bdi", { dir: "ltr" }, number), after),
    button({ click: open }, words.add),
    button({ class: "icon", "aria-label": words.remove, click: remove }, icon(CROSS)),
  );
}
