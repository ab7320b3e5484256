/**
 * Builds the line with the caller id (the number that the called person sees), or a list to pick it from if there are
 * several.
 */
import { h } from "./dom.js";

/** @import { Phone } from "../core.js" */
/** @import { Core } from "../i18n/texts.js" */

/**
 * `update` shows the list, or only the present number if there is no choice.
 * @param {Core} texts
 * @param {(number: string | undefined) => void} onPick Undefined for "Automatic": the server chooses the number.
 */
export function fromPicker(texts, onPick) {
  const line = h("div", { class: "from" });
  const select = h("select", { "aria-label": texts.callingFrom, change: () => onPick(select.value || undefined) });
  const picker = h(
    "label",
    { class: "from pick-from" },
    h("span", { "aria-hidden": "true" }, texts.callingFrom),
    select,
  );
  const element = h("div", {}, line, picker);
  let shownOptions = "";
  /**
   * @param {Phone} phone
   * @param {boolean} hasCall True if there is a call, whose number cannot be changed.
   * @param {(number: string | undefined) => string} format Writes a number for people.
   */
  const update = (phone, hasCall, format) => {
    const { caller_id: expected, from_numbers: numbers = [] } = phone.exchangeResponse ?? {};
    // The picked number may have been released since.
    if (!numbers.some(({ number }) => number === phone.pickedFrom)) phone.pickedFrom = undefined;
    const hasChoice = !hasCall && numbers.length > 1;
    const shown = format(phone.isInCall ? phone.call?.from : (phone.pickedFrom ?? expected));
    line.hidden = hasChoice;
    picker.hidden = !hasChoice;
    line.replaceChildren(...(shown ? [`${texts.callingFrom} `, h("bdi", { dir: "ltr" }, shown)] : []));
    const choices = numbers.map(({ number, name }) => {
      const text = format(number);
      return { value: number, text: name ? `${name}, ${text}` : text };
    });
    const options = [{ value: "", text: texts.automatic }, ...(hasChoice ? choices : [])];
    const newOptions = options.map(({ value, text }) => `${value}\n${text}`).join("\n");
    // Replacing the options would close an open list.
    if (newOptions !== shownOptions)
      select.replaceChildren(...options.map(({ value, text }) => h("option", { value }, text)));
    shownOptions = newOptions;
    select.value = phone.pickedFrom ?? "";
  };
  return { element, update };
}
