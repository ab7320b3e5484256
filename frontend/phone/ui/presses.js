/** Tells a new press from the repetition of the last one, for everything that begins or ends a call: one press, one action. */

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
  /** Time of the last press, or of the last change of what is pressed. */
  #since = Number.NEGATIVE_INFINITY;

  /** @param {() => number} now */
  constructor(now) {
    this.#now = now;
  }

  /** Ignore presses for a moment: a button does something else from now on, which a person must have time to see. */
  startPause() {
    this.#since = this.#now();
  }

  /** The person has typed since the last press, so that the next press is a new one. */
  endPause() {
    this.#since = Number.NEGATIVE_INFINITY;
  }

  /**
   * True if `press` is a new press, not the repetition of the last one. The browser counts the clicks of a mouse by the
   * system's double-click time. Taps and keys are judged by the time since the last press or pause, and with `isStrict` the
   * mouse is too. A script's click is always new.
   * @param {Press} press
   */
  accepts({ detail = 0, isTrusted, pointerType, [RELAYED]: isRelayed }, isStrict = false) {
    if (!isTrusted && !isRelayed) return true;
    const isSoon = this.#now() - this.#since < DOUBLE_PRESS_MS;
    this.startPause();
    return detail < 2 && !(isSoon && (isStrict || pointerType !== "mouse"));
  }
}

/**
 * Keep repeated presses from the panel's buttons that begin or end a call, and a repeated Enter from its field. Returns a
 * function that is to be called with each view that is shown.
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
    if (event.key === "Tab") presses.endPause();
    if (type === "click" ? !target.closest(CALL_BUTTONS) : target !== field.input || event.key !== "Enter") return;
    // The other side may hang up just before a person does, whose click must not call it again.
    if (presses.accepts(event, shown?.state === "completed" && main.contains(target))) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const root = panel.parentElement;
  for (const type of ["click", "keydown"]) root?.addEventListener(type, onPress, true);
  // A paste that the field writes itself (dialer/format-as-you-type.js) is no event of input.
  for (const type of ["input", "paste", "drop"]) field.input.addEventListener(type, () => presses.endPause());
  /** @param {View} view The one that is shown now. */
  return (view) => {
    if (shown?.main.action && view.main.action !== shown.main.action) presses.startPause();
    shown = view;
  };
}
