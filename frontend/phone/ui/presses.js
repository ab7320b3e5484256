/**
 * Ignores repeated presses (double clicks, double taps, held keys) on everything that starts, ends or mutes a call, so that
 * one press causes one action.
 */

/** @import { PanelElements } from "./panel-elements.js" */
/** @import { View } from "./views.js" */
/** @typedef {{detail?: number, isTrusted: boolean, pointerType?: string, [ORIGINAL_IS_TRUSTED]?: boolean}} Press A click or a keydown. */

/** On a copy of an event (host-page/event-isolation.js): true if the browser sent the event itself. */
export const ORIGINAL_IS_TRUSTED = Symbol.for("epochphone.relayed");

/** The longest time between the two presses of a double press. */
const DOUBLE_PRESS_MS = 500;
// The bar of an ended call and the floating button too: they appear where the call bar had its Hang up.
const CALL_BUTTONS = ".main,.second,.stop,.recent,.back-call,.mute,.end,.fab";

/**
 * True for a key that presses a button or submits a field.
 * @param {{key: string}} event
 */
export const isPressKey = ({ key }) => key === "Enter" || key === " ";

export class Presses {
  #now;
  /** The time of the last press, or of the last change of a button's action. */
  #disarmedAt = Number.NEGATIVE_INFINITY;

  /** @param {() => number} now */
  constructor(now) {
    this.#now = now;
  }

  /** Call it when a button gets another action: a person needs a moment to see that. */
  disarm() {
    this.#disarmedAt = this.#now();
  }

  /** Call it when a person has typed: the next press is then deliberate. */
  arm() {
    this.#disarmedAt = Number.NEGATIVE_INFINITY;
  }

  /**
   * True if `press` is a separate press and not a repetition of the one before. The browser counts the clicks of a mouse
   * by the system's double-click time. For taps and keys, and with `isStrict` for the mouse too, the time since the last
   * press or change of action decides. A script's click is always accepted.
   * @param {Press} press
   */
  accepts({ detail = 0, isTrusted, pointerType, [ORIGINAL_IS_TRUSTED]: isOriginalTrusted }, isStrict = false) {
    if (!isTrusted && !isOriginalTrusted) return true;
    const isSoon = this.#now() - this.#disarmedAt < DOUBLE_PRESS_MS;
    this.disarm();
    return detail < 2 && !(isSoon && (isStrict || pointerType !== "mouse"));
  }
}

/**
 * Keep repeated presses from the buttons that start, end or mute a call, and a repeated Enter from the number field. Returns
 * a function to call with each view that is shown.
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
    // After moving the focus by Tab, the next press is deliberate.
    if (event.key === "Tab") presses.arm();
    if (type === "click" ? !target.closest(CALL_BUTTONS) : target !== field.input || event.key !== "Enter") return;
    // The called party may hang up just before the person presses Hang up, whose click must not call again.
    if (presses.accepts(event, shown?.state === "completed" && main.contains(target))) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const root = panel.parentElement;
  for (const type of ["click", "keydown"]) root?.addEventListener(type, onPress, true);
  // dialer/format-as-you-type.js writes pasted and dropped texts itself, without an `input` event.
  for (const type of ["input", "paste", "drop"]) field.input.addEventListener(type, () => presses.arm());
  /** @param {View} view */
  return (view) => {
    if (shown?.main.action && view.main.action !== shown.main.action) presses.disarm();
    shown = view;
  };
}
