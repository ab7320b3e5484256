/** The line with the number that calls come from, and the list to pick another one where there is a choice. */
import { h } from "./dom.js";

/** @import { Phone } from "../core.js" */
/** @import { Core } from "../i18n/texts.js" */

/**
 * `update` shows the numbers to choose from, or only the present one where there is nothing to choose.
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
   * @param {Phone} phone
   * @param {boolean} hasCall Its number is not changed any more.
   * @param {(number: string | undefined) => string} format Writes a number for people.
   */
  const update = (phone, hasCall, format) => {
    const { caller_id: expected, from_numbers: numbers = [] } = phone.account ?? {};
    // Released meanwhile.
    if (!numbers.some(({ number }) => number === phone.pickedFrom)) phone.pickedFrom = undefined;
    const isChoice = !hasCall && numbers.length > 1;
    const shown = format(phone.isInCall ? phone.call?.from : (phone.pickedFrom ?? expected));
    line.hidden = isChoice;
    choice.hidden = !isChoice;
    line.replaceChildren(...(shown ? [`${texts.callingFrom} `, h("bdi", { dir: "ltr" }, shown)] : []));
    const choices = numbers.map(({ number, name }) => {
      const text = format(number);
      return { value: number, text: name ? `${name}, ${text}` : text };
    });
    const options = [{ value: "", text: texts.automatic }, ...(isChoice ? choices : [])];
    const list = options.map(({ value, text }) => `${value}\n${text}`).join("\n");
    // An open list would close.
    if (list !== listed) select.replaceChildren(...options.map(({ value, text }) => h("option", { value }, text)));
    listed = list;
    select.value = phone.pickedFrom ?? "";
  };
  return { element, update };
}
