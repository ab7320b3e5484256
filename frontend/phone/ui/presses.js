/** One press, one action: tells a press from its repetition. The rule for everything that moves a call. */

/** @import { PanelElements } from "./panel-elements.js" */
/** @import { View } from "./views.js" */
/** @typedef {{detail?: number, isTrusted: boolean, pointerType?: string, [RELAYED]?: boolean}} Press A click or a keydown. */

/** On a copy of an event (host-page/event-isolation.js): true if the browser sent the event itself. */
export const RELAYED = Symbol.for("epochphone.relayed");

/** The longest time between the two presses of a double press. */
const DOUBLE_PRESS_MS = 500;
// The bar of an ended call and the phone's button too: they appear where the bar had its Hang up.
const CALL_BUTTONS = ".main,.second,.stop,.recent,.back-call,.mute,.end,.fab";

/**
 * True for a key that presses a button or submits a field.
 * @param {{key: string}} event
 */
export const isPressKey = ({ key }) => key === "Enter" || key === " ";

export class Presses {
  #now;
  #since = Number.NEGATIVE_INFINITY;

  /** @param {() => number} now */
  constructor(now) {
    this.#now = now;
  }

  /** The same place does something else from now on, which a person needs a moment to see. */
  disarm() {
    this.#since = this.#now();
  }

  /** The person has typed, so that the next press is meant. */
  arm() {
    this.#since = Number.NEGATIVE_INFINITY;
  }

  /**
   * True if `press` is one of its own, and no part of the one before. The browser counts the clicks of a mouse by the
   * system's double-click time. Taps and keys are judged by the time since the last press or change, and `isStrict` judges
   * the mouse so too. A script's click always is one.
   * @param {Press} press
   */
  accepts({ detail = 0, isTrusted, pointerType, [RELAYED]: isRelayed }, isStrict = false) {
    if (!isTrusted && !isRelayed) return true;
    const isSoon = this.#now() - this.#since < DOUBLE_PRESS_MS;
    this.disarm();
    return detail < 2 && !(isSoon && (isStrict || pointerType !== "mouse"));
  }
}

/**
 * Let presses that are none of their own reach neither the panel's buttons that move a call nor, by Enter, its field.
 * @param {PanelElements} elements
 * @param {() => number} now
 */
export function guardCallButtons({ panel, main, field }, now) {
  const presses = new Presses(now);
  /** @type {View | undefined} */
  let shown;
  /** @param {any} event A click or a keydown. */
  const onPress = (event) => {
    const { type, target } = event;
    // A person who went to another button by a key means the press there.
    if (event.key === "Tab") presses.arm();
    if (type === "click" ? !target.closest(CALL_BUTTONS) : target !== field.input || event.key !== "Enter") return;
    // The other side may hang up just before a person does, whose click must not call it again.
    if (presses.accepts(event, shown?.state === "completed" && main.contains(target))) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const root = panel.parentElement;
  for (const type of ["click", "keydown"]) root?.addEventListener(type, onPress, true);
  // A paste that the field writes itself (dialer/format-as-you-type.js) is no event of input.
  for (const type of ["input", "paste", "drop"]) field.input.addEventListener(type, () => presses.arm());
  /** @param {View} view The one that is shown now. */
  return (view) => {
    if (shown?.main.action && view.main.action !== shown.main.action) presses.disarm();
    shown = view;
  };
}
