/** Builds the floating button and the live region, which are on the page from the start. */
import { button, h, HANDSET, icon } from "./dom.js";

/** @import { ButtonTexts } from "../i18n/texts.js" */

/**
 * @typedef {object} ButtonHandlers
 * @property {() => void} press
 * @property {() => void} preload A person may be about to use the phone.
 * @property {() => void} warmUp A person has begun to use it.
 * @property {() => void} nearPanel The pointer is on the panel, or on the button.
 * @property {() => void} usePanel A person presses something there, or moves the focus into it.
 * @property {(event: KeyboardEvent) => void} keyDown
 */

/**
 * The elements by name; `root` holds them all, and what panel-elements.js adds.
 * @param {ButtonTexts} texts
 * @param {ButtonHandlers} on
 */
export function buildFloatingButton(texts, on) {
  const stateText = h("span", { class: "sr", id: "state" });
  const fab = button(
    {
      class: "fab",
      part: "fab",
      "aria-describedby": "state",
      click: on.press,
      pointerdown: on.warmUp,
      pointerenter: on.preload,
      focus: on.preload,
    },
    icon(HANDSET),
    h("span", { class: "dot" }),
  );
  // The one live region, for states and never for the running time. It must be on the page before it gets a text.
  const liveRegion = h("div", { class: "sr", role: "status" });
  const root = h("div", {
    class: "root",
    dir: texts.direction,
    lang: texts.language,
    keydown: on.keyDown,
    pointerenter: on.nearPanel,
    pointerdown: on.usePanel,
    focusin: on.usePanel,
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
 * @property {string | null} problemText The reason why there is no panel.
 * @property {boolean} isProblemShown True if the reason is to be seen, not only heard.
 * @property {boolean} isHangUp True if the button ends the call.
 * @property {boolean} isOpen
 * @property {boolean} isPanelShown False while the panel is loading.
 * @property {boolean} isInline True if the panel stands in an element of the page.
 * @property {boolean} isPhoneHidden
 * @property {boolean} isBarShown The bar of a call stands in the button's place.
 * @property {string} announcement
 */

/**
 * @param {ButtonElements} elements
 * @param {ButtonTexts} texts
 * @param {ButtonState} now
 */
export function renderButton({ root, fab, stateText, liveRegion }, texts, now) {
  const { state, problemText, isHangUp, isOpen, isPanelShown, isInline, isPhoneHidden, announcement } = now;
  root.dataset.indicator = problemText ? "problem" : indicatorOf(state);
  root.toggleAttribute("data-open", isPanelShown);
  root.toggleAttribute("data-inline", isPanelShown && isInline);
  root.toggleAttribute("data-hidden", isPhoneHidden);
  fab.hidden = now.isBarShown || isPhoneHidden || isInline;
  fab.classList.toggle("stop", isHangUp);
  fab.setAttribute("aria-busy", String(isOpen && !isPanelShown));
  fab.setAttribute("aria-expanded", String(isPanelShown));
  fab.setAttribute("aria-label", isHangUp ? texts.hangUp : isPanelShown ? texts.closePhone : texts.openPhone);
  stateText.textContent = problemText ?? texts.states[state];
  liveRegion.className = now.isProblemShown ? "note" : "sr";
  // Assistive technology reads each assignment out, so the same text is not assigned twice.
  if (liveRegion.textContent !== announcement) liveRegion.textContent = announcement;
}
