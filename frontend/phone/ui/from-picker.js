/** The line with the number that calls come from, and the list to pick another one where there is a choice. */
import { h } from "./dom.js";

/** @import { Core } from "../i18n/texts.js" */

/**
 * `update` shows `numbers` to choose from, or only `shown` where there is nothing to choose.
 * @param {Core} texts
 * @param {(number: string | undefined) => void} onPick Undefined where the number is chosen for the person.
 */
export function fromPicker(texts, onPick) {
  const line = h("div", { class: "from" });
  const select = h("select", { "aria-label": texts.callingFrom, change: () => onPick(select.value || undefined) });
  const choice = h(
    "label",
    { class: "from pick-from" },
    h("span", { "aria-hidden": "true" }, texts.callingFrom),
    select,
  );
  const element = h("div", {}, line, choice);
  let listed = "";
  /**
   * @param {object} state
   * @param {{value: string, text: string}[]} state.numbers More than one if there is a choice now.
   * @param {string | undefined} state.picked
   * @param {string} state.shown For people.
   */
  const update = ({ numbers, picked, shown }) => {
    const isChoice = numbers.length > 1;
    line.hidden = isChoice;
    choice.hidden = !isChoice;
    line.replaceChildren(...(shown ? [`${texts.callingFrom} `, h("bdi", { dir: "ltr" }, shown)] : []));
    const options = [{ value: "", text: texts.automatic }, ...(isChoice ? numbers : [])];
    const list = options.map(({ value, text }) => `${value}\n${text}`).join("\n");
    // An open list would close.
    if (list !== listed) select.replaceChildren(...options.map(({ value, text }) => h("option", { value }, text)));
    listed = list;
    select.value = picked ?? "";
  };
  return { element, update };
}
