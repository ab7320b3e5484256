/** Builds the floating button and the live region, which are on the page from the start. */
import { button, h, HANDSET, icon } from "./dom.js";

/** @import { ButtonTexts } from "../i18n/texts.js" */

/**
 * @typedef {object} ButtonHandlers
 * @property {() => void} press
 * @property {() => void} preload A person may be about to use the phone.
 * @property {() => void} warmUp A person has begun to use it.
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
  const root = h("div", { class: "root", dir: texts.direction, lang: texts.language, keydown: on.keyDown });
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
export const indicatorOf = (state) => INDICATORS[state] ?? "busy";
