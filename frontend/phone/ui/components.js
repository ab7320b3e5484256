/** The controls that the panel is made of. */
import { button, h, ICONS, icon } from "./dom.js";

/** @import { Core } from "../i18n/texts.js" */
/** @import { Attribute } from "./dom.js" */

const DIGIT_KEYS = " ,ABC,DEF,GHI,JKL,MNO,PQRS,TUV,WXYZ"
  .split(",")
  .map((letters, index) => [String(index + 1), letters.trim()]);
const FLASH_MS = 140;

/**
 * The 3 × 4 keypad. `flash(digit)` shows a key that was typed.
 * @param {string} label
 * @param {(digit: string) => void} onPress
 */
export function keypad(label, onPress) {
  const keys = new Map(
    [...DIGIT_KEYS, ["*", ""], ["0", "+"], ["#", ""]].map(([digit, letters]) => {
      // The name is the visible text, for people who speak to the browser.
      const name = letters.length > 1 ? `${digit} ${letters}` : digit;
      const key = button({ class: "key", part: "key", "aria-label": name, click: () => onPress(digit) });
      key.append(h("span", {}, digit), " ", h("small", {}, letters));
      return [digit, key];
    }),
  );
  const element = h("div", { class: "keys", role: "group", "aria-label": label, part: "keypad" }, ...keys.values());
  /** @param {string} digit */
  const flash = (digit) => {
    const key = keys.get(digit);
    key?.setAttribute("data-down", "");
    setTimeout(() => key?.removeAttribute("data-down"), FLASH_MS);
  };
  return { element, flash };
}

/**
 * The number field with its country and its delete button.
 * @param {Core} texts
 * @param {{onSubmit: () => void, onInput: () => void}} handlers `onSubmit` on Enter.
 */
export function numberField(texts, { onSubmit, onInput }) {
  const country = h("span", { class: "country ltr", id: "country" });
  const input = h("input", {
    type: "tel",
    class: "ltr",
    id: "number",
    "aria-label": texts.phoneNumber,
    "aria-describedby": "country dial-error",
    placeholder: texts.placeholder,
    autocomplete: "off",
    inputmode: "tel",
    enterkeyhint: "go",
    maxlength: "40",
    spellcheck: "false",
    input: onInput,
    keydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      onSubmit();
    },
  });
  const backspace = button(
    {
      class: "icon",
      "aria-label": texts.backspace,
      click: () => {
        input.value = input.value.replace(/.\D*$/, "");
        input.focus();
        onInput();
      },
    },
    icon(ICONS.backspace),
  );
  const element = h("div", { class: "field", part: "field" }, country, input, backspace);
  return { element, input, country, backspace };
}

/**
 * A sentence and its fix; hidden without a sentence.
 * @param {Record<string, Attribute>} attributes
 */
export function messageBox(attributes) {
  const sentence = h("div", { class: "message" });
  const fix = h("div", { class: "fix" });
  const element = h("div", attributes, sentence, fix);
  /** @param {{message?: string | null, fix?: string | null} | null | undefined} message */
  const show = (message) => {
    sentence.textContent = message?.message ?? "";
    fix.textContent = message?.fix ?? "";
    fix.hidden = !message?.fix;
    element.hidden = !message?.message;
  };
  return { element, show };
}

/**
 * A button with an icon that is switched on and off; `isBare` shows no label.
 * @param {string} label
 * @param {string} path The icon's.
 * @param {{isBare?: boolean, state: "aria-pressed" | "aria-expanded", click: () => void}} options
 */
export function toggleButton(label, path, { isBare = false, state, click }) {
  /** @type {Record<string, Attribute>} */
  const attributes = { class: isBare ? "round" : "tool", [state]: "false", click };
  if (isBare) attributes["aria-label"] = label;
  return button(attributes, icon(path), ...(isBare ? [] : [h("span", {}, label)]));
}

/**
 * Seconds as m:ss, or h:mm:ss.
 * @param {number} seconds
 */
export function formatDuration(seconds) {
  /** @param {number} value */
  const two = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
