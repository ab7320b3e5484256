/** The pieces the panel is put together from. */
import { button, h, ICONS, icon } from "./dom.js";

const KEYS = " ,ABC,DEF,GHI,JKL,MNO,PQRS,TUV,WXYZ"
  .split(",")
  .map((letters, index) => [String(index + 1), letters.trim()]);
const FLASH_MS = 140;

/** The 3 × 4 keypad; `pressed(digit)`. `flash(digit)` shows a key that was typed. */
export function keypad(label, pressed) {
  const keys = new Map(
    [...KEYS, ["*", ""], ["0", "+"], ["#", ""]].map(([digit, letters]) => {
      // What is seen, word for word: somebody who speaks to the browser says it.
      const name = letters.length > 1 ? `${digit} ${letters}` : digit;
      const key = button({ class: "key", part: "key", "aria-label": name, click: () => pressed(digit) });
      key.append(h("span", {}, digit), " ", h("small", {}, letters));
      return [digit, key];
    }),
  );
  const element = h("div", { class: "keys", role: "group", "aria-label": label, part: "keypad" }, ...keys.values());
  const flash = (digit) => {
    const key = keys.get(digit);
    key?.setAttribute("data-down", "");
    setTimeout(() => key?.removeAttribute("data-down"), FLASH_MS);
  };
  return { element, flash };
}

/** The number field with its country and its delete button; `submitted()` on Enter, `changed()` on input. */
export function numberField(texts, { submitted, changed }) {
  const country = h("span", { class: "country ltr", id: "country" });
  const input = h("input", {
    type: "tel",
    class: "ltr",
    id: "number",
    "aria-label": texts.phoneNumber,
    "aria-describedby": "country complaint",
    placeholder: texts.placeholder,
    autocomplete: "off",
    inputmode: "tel",
    enterkeyhint: "go",
    maxlength: "40",
    spellcheck: "false",
    input: changed,
    keydown: (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      submitted();
    },
  });
  const backspace = button(
    {
      class: "icon",
      "aria-label": texts.backspace,
      click: () => {
        input.value = input.value.replace(/.\D*$/, "");
        input.focus();
        changed();
      },
    },
    icon(ICONS.backspace),
  );
  const element = h("div", { class: "field", part: "field" }, country, input, backspace);
  return { element, input, country, backspace };
}

/** A sentence and its fix. */
export function notice(attributes) {
  const message = h("div", { class: "message" });
  const fix = h("div", { class: "fix" });
  const element = h("div", attributes, message, fix);
  const show = (sentence, remedy) => {
    message.textContent = sentence ?? "";
    fix.textContent = remedy ?? "";
    fix.hidden = !remedy;
    element.hidden = !sentence;
  };
  return { element, show };
}

/** A toggling button with an icon and, unless `bare`, its words. */
export function tool(label, path, { bare = false, state, click }) {
  const attributes = { class: bare ? "round" : "tool", [state]: "false", click };
  if (bare) attributes["aria-label"] = label;
  return button(attributes, icon(path), ...(bare ? [] : [h("span", {}, label)]));
}

/** Seconds as m:ss, or h:mm:ss. */
export function clock(seconds) {
  const two = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
