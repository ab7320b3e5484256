/**
 * Builds the controls of the panel: keypad, number field, message box, mute button, buttons that show and hide a part;
 * formats the duration of a call.
 */
import { button, h, ICONS, icon } from "./dom.js";

/** @import { Core } from "../i18n/texts.js" */
/** @import { Attribute } from "./dom.js" */

const DIGIT_KEYS = " ,ABC,DEF,GHI,JKL,MNO,PQRS,TUV,WXYZ"
  .split(",")
  .map((letters, index) => [String(index + 1), letters.trim()]);
const FLASH_MS = 140;
const COMPOSING_KEY_CODE = 229;
const HOLD_MS = 500;

/**
 * The 3 × 4 keypad. `flash(digit)` highlights the key of a typed digit, `showHint(isShown)` sets the tooltip of key 0 that
 * says what holding the key does.
 * @param {string} label
 * @param {(digit: string) => void} onPress
 * @param {{hint: string, run: () => boolean}} onHold For a held key 0; `run` returns false if the hold counts as a press.
 */
export function keypad(label, onPress, onHold) {
  const keys = new Map(
    [...DIGIT_KEYS, ["*", ""], ["0", "+"], ["#", ""]].map(([digit, letters]) => {
      // The name is the visible text, for people who speak to the browser.
      const name = letters.length > 1 ? `${digit} ${letters}` : digit;
      const press = () => onPress(digit);
      const handlers = digit === "0" ? holdHandlers(press, onHold.run) : { click: press };
      const key = button({ class: "key", part: "key", "aria-label": name, ...handlers });
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
  /** @param {boolean} isShown */
  const showHint = (isShown) => {
    const key = /** @type {HTMLElement} */ (keys.get("0"));
    if (isShown) key.title = onHold.hint;
    else key.removeAttribute("title");
  };
  return { element, flash, showHint };
}

/**
 * The handlers of a key that does one thing when it is pressed and another when the pointer holds it.
 * @param {() => void} press
 * @param {() => boolean} hold Returns false if the hold counts as a press.
 */
function holdHandlers(press, hold) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let wasHeld = false;
  const stop = () => clearTimeout(timer);
  return {
    pointerdown(/** @type {PointerEvent} */ event) {
      wasHeld = false;
      stop();
      if (event.button) return;
      timer = setTimeout(() => {
        wasHeld = hold();
      }, HOLD_MS);
    },
    pointerup: stop,
    pointerleave: stop,
    pointercancel: stop,
    // Touch screens open a menu for a held element.
    contextmenu: (/** @type {Event} */ event) => event.preventDefault(),
    click(/** @type {MouseEvent} */ { detail }) {
      // Releasing a held pointer is a click too; the click of a keyboard has the detail 0.
      if (!wasHeld || !detail) press();
      wasHeld = false;
    },
  };
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
    spellcheck: "false",
    input: onInput,
    keydown: (/** @type {KeyboardEvent} */ event) => {
      // In Safari only the key code distinguishes the Enter that ends a composition of an input method.
      if (event.key !== "Enter" || event.isComposing || event.keyCode === COMPOSING_KEY_CODE) return;
      // Enter with a modifier key is a shortcut of the page or the browser.
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      if (!event.repeat) onSubmit();
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
 * The sentence and the fix of a message; the sentence is "" if the fix begins with it.
 * @param {{message?: string | null, fix?: string | null}} message
 */
export const withoutRepetition = ({ message, fix }) => (fix?.startsWith(message ?? "") ? ["", fix] : [message, fix]);

/**
 * An element with the sentence and the fix of a message; hidden without a sentence.
 * @param {Record<string, Attribute>} attributes
 */
export function messageBox(attributes) {
  const sentence = h("div", { class: "message" });
  const fix = h("div", { class: "fix" });
  const element = h("div", attributes, sentence, fix);
  /** @param {{message?: string | null, fix?: string | null} | null | undefined} message */
  const show = (message) => {
    const [sentenceText, fixText] = withoutRepetition(message ?? {});
    sentence.textContent = sentenceText ?? "";
    fix.textContent = fixText ?? "";
    fix.hidden = !fixText;
    element.hidden = !message?.message;
  };
  return { element, show };
}

/**
 * The button that mutes and unmutes. `update` sets its name, which says what a press does, as in other call programs; it
 * has no `aria-pressed`, because "Unmute, pressed" could mean either state.
 * @param {Core} texts
 * @param {"tool" | "round"} variant A round button shows no label.
 * @param {() => void} click
 */
export function muteButton(texts, variant, click) {
  const element = button({ class: `${variant} mute`, click });
  /** @type {boolean | undefined} */
  let wasMuted;
  /** @param {boolean} isMuted */
  const update = (isMuted) => {
    if (wasMuted === isMuted) return;
    wasMuted = isMuted;
    element.toggleAttribute("data-on", isMuted);
    const label = h("span", { class: variant === "round" && "sr" }, isMuted ? texts.unmute : texts.mute);
    element.replaceChildren(icon(ICONS.mute + (isMuted ? "M4 4l16 16" : "")), label);
  };
  update(false);
  return { element, update };
}

/**
 * A button with an icon and a label that shows and hides a part of the panel.
 * @param {string} label
 * @param {string} path Of the icon.
 * @param {() => void} click
 */
export const disclosureButton = (label, path, click) =>
  button({ class: "tool", "aria-expanded": "false", click }, icon(path), h("span", {}, label));

/**
 * Seconds as m:ss, or h:mm:ss.
 * @param {number} seconds
 */
export function formatDuration(seconds) {
  /** @param {number} value */
  const twoDigits = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours ? `${hours}:${twoDigits(minutes)}:${twoDigits(seconds % 60)}` : `${minutes}:${twoDigits(seconds % 60)}`;
}
