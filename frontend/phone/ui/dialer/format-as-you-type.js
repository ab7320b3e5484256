/** The number field while it is typed in: punctuation that comes by itself, and a caret that stays where it was. */
import { format, pasted } from "./number-format.js";

const DELETED_BACK = "deleteContentBackward";
const DELETED_AHEAD = "deleteContentForward";

/** Keep `input` punctuated for `account()`, the exchange's answer or null; `changed()` after it wrote to it itself. */
export function punctuate(input, account, changed) {
  let digits = "";

  const onInput = ({ inputType }) => {
    const hasCaret = input.getRootNode().activeElement === input;
    let caret = hasCaret ? input.selectionStart : input.value.length;
    let text = input.value;
    if (only(text) === digits && digits) {
      // A punctuation mark was deleted, which would only come back: the digit beside it is what was meant.
      if (inputType === DELETED_BACK) [text, caret] = withoutBefore(text, caret);
      if (inputType === DELETED_AHEAD) text = text.slice(0, caret) + text.slice(caret).replace(/\d/, "");
    }
    write(text, caret, hasCaret);
  };
  const onPaste = (event) => {
    const given = event.clipboardData?.getData("text");
    if (!given) return;
    event.preventDefault();
    const { value, selectionStart, selectionEnd } = input;
    const before = value.slice(0, selectionStart) + pasted(given);
    write((before + value.slice(selectionEnd)).slice(0, input.maxLength), before.length, true);
    changed();
  };
  const write = (text, caret, hasCaret) => {
    const now = account();
    const written = now ? format(text, now) : text;
    digits = only(written);
    if (written === input.value) return;
    const passed = only(text.slice(0, caret)).length;
    input.value = written;
    if (!hasCaret) return;
    const at = caret >= text.length ? written.length : placeAfter(written, passed);
    input.setSelectionRange(at, at);
  };

  // Before the panel's own listener on the same field, which shows what is typed.
  input.addEventListener("input", onInput, { capture: true });
  input.addEventListener("paste", onPaste);
}

const only = (text) => text.replace(/[^\d+]/g, "");

function withoutBefore(text, caret) {
  const before = text.slice(0, caret).replace(/\d(?=\D*$)/, "");
  return [before + text.slice(caret), before.length];
}

/** The place in `text` behind its `count`-th digit (a plus counts). */
function placeAfter(text, count) {
  let seen = 0;
  let at = 0;
  while (at < text.length && seen < count) {
    if (/[\d+]/.test(text[at])) seen += 1;
    at += 1;
  }
  return at;
}
