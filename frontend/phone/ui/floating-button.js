/** Builds and updates the floating button and the live region, which are on the page from the start. */
import { button, h, HANDSET, icon } from "./dom.js";

/** @import { ButtonTexts } from "../i18n/texts.js" */

/**
 * @typedef {object} ButtonHandlers
 * @property {() => void} press
 * @property {() => void} preload The pointer or the focus is on the button: a person may be about to use the phone.
 * @property {() => void} warmUp A person has begun to press the button.
 * @property {() => void} enterRoot The pointer is on the panel or the button.
 * @property {() => void} useRoot A person presses something in the panel or the button, or moves the focus into it.
 * @property {(event: KeyboardEvent) => void} keyDown
 */

/**
 * The elements by name; `root` contains them all, and those that panel-elements.js adds.
 * @param {ButtonTexts} texts
 * @param {ButtonHandlers} handlers
 */
export function buildFloatingButton(texts, handlers) {
  const stateText = h("span", { class: "sr", id: "state" });
  const fab = button(
    {
      class: "fab",
      part: "fab",
      "aria-describedby": "state",
      click: handlers.press,
      pointerdown: handlers.warmUp,
      pointerenter: handlers.preload,
      focus: handlers.preload,
    },
    icon(HANDSET),
    h("span", { class: "dot" }),
  );
  // The only live region; it announces states, never the running time. It must be on the page before it gets a text.
  const liveRegion = h("div", { class: "sr", role: "status" });
  const root = h("div", {
    class: "root",
    dir: texts.direction,
    lang: texts.language,
    keydown: handlers.keyDown,
    pointerenter: handlers.enterRoot,
    pointerdown: handlers.useRoot,
    focusin: handlers.useRoot,
  });
  root.append(fab, stateText, liveRegion);
  return { root, fab, stateText, liveRegion };
}

/** @typedef {ReturnType<typeof buildFloatingButton>} ButtonElements */

/** @type {Partial<Record<EpochPhoneState, string>>} */
const INDICATORS = { ready: "ready", completed: "ready", failed: "ready", loading: "off", error: "problem" };

/**
 * The state of the dot on the button: `ready`, `busy`, `problem` or `off`.
 * @param {EpochPhoneState} state
 */
const indicatorOf = (state) => INDICATORS[state] ?? "busy";

/**
 * @typedef {object} ButtonState
 * @property {EpochPhoneState} state
 * @property {string | null} problemText The reason for which the panel could not be loaded.
 * @property {boolean} isProblemShown True if the reason is visible; otherwise only assistive technology reads it.
 * @property {boolean} isHangUp True if the button ends the call.
 * @property {boolean} isOpen
 * @property {boolean} isPanelShown False while the panel is loading.
 * @property {boolean} isInline True if the panel is in an element of the page.
 * @property {boolean} isPhoneHidden
 * @property {boolean} isBarShown True if the call bar replaces the button.
 * @property {string} announcement The text of the live region.
 */

/**
 * @param {ButtonElements} elements
 * @param {ButtonTexts} texts
 * @param {ButtonState} buttonState
 */
export function renderButton({ root, fab, stateText, liveRegion }, texts, buttonState) {
  const { state, problemText, isHangUp, isOpen, isPanelShown, isInline, isPhoneHidden, announcement } = buttonState;
  root.dataset.indicator = problemText ? "problem" : indicatorOf(state);
  root.toggleAttribute("data-open", isPanelShown);
  root.toggleAttribute("data-inline", isPanelShown && isInline);
  root.toggleAttribute("data-hidden", isPhoneHidden);
  fab.hidden = buttonState.isBarShown || isPhoneHidden || isInline;
  fab.classList.toggle("stop", isHangUp);
  fab.setAttribute("aria-busy", String(isOpen && !isPanelShown));
  fab.setAttribute("aria-expanded", String(isPanelShown));
  fab.setAttribute("aria-label", isHangUp ? texts.hangUp : isPanelShown ? texts.closePhone : texts.openPhone);
  stateText.textContent = problemText ?? texts.states[state];
  liveRegion.className = buttonState.isProblemShown ? "note" : "sr";
  // Assistive technology reads each assignment out, so the same text is not assigned twice.
  if (liveRegion.textContent !== announcement) liveRegion.textContent = announcement;
}
