/**
 * The chunk that moves the open panel: by dragging its header, or by the buttons of the settings sheet. The panel stays
 * inside the window, and its position is stored for the site.
 */
import { savePreferences } from "../browser/preferences.js";

/** @import { Panel } from "../ui/panel.js" */

/** The least distance from the edges of the window, in px. */
const MARGIN_PX = 8;
/** The distance that a pointer moves before a drag begins, in px. */
const DRAG_THRESHOLD_PX = 4;
// Only for a movable panel: on a panel that fills the window, a finger on the header must scroll the page.
const DRAG_STYLES = `
.panel[data-movable] header{cursor:grab;touch-action:none;user-select:none;-webkit-user-select:none}
.panel[data-dragged] header{cursor:grabbing}
`;

/** @typedef {{x: number, y: number}} Offset From the panel's default position, in px. */

/** @type {WeakMap<Panel, PanelMover>} */
const movers = new WeakMap();

/**
 * Make the panel movable until the mover is stopped.
 * @param {Panel} panel
 * @param {{panel: HTMLElement, header: HTMLElement}} elements
 */
export function makeMovable(panel, elements) {
  const mover = new PanelMover(panel, elements);
  movers.set(panel, mover);
  return mover;
}

/**
 * The mover of the panel that can be moved now; undefined if it cannot, because it fills the window.
 * @param {Panel} panel
 */
export function moverOf(panel) {
  const mover = movers.get(panel);
  return mover?.isMovable ? mover : undefined;
}

export class PanelMover {
  #env;
  #element;
  #header;
  /** The offset that the person chose. A small window limits it; a larger one shows the panel there again. */
  #chosenOffset;
  /** @type {Offset} */
  #shownOffset = { x: 0, y: 0 };
  /**
   * `start`: the pointer's position that belongs to the offset 0.
   * @type {{pointerId: number, start: Offset, isMoving: boolean} | null}
   */
  #drag = null;
  #resizeObserver;
  #abort = new AbortController();

  /**
   * @param {Panel} panel
   * @param {{panel: HTMLElement, header: HTMLElement}} elements
   */
  constructor(panel, { panel: element, header }) {
    const { env } = panel;
    const { signal } = this.#abort;
    this.#env = env;
    this.#element = element;
    this.#header = header;
    this.#chosenOffset = readStoredOffset(env.preferences.place);
    panel.adoptStyles(DRAG_STYLES);
    header.addEventListener("pointerdown", (event) => this.#onPointerDown(event), { signal });
    header.addEventListener("pointermove", (event) => this.#onPointerMove(event), { signal });
    for (const type of /** @type {const} */ (["pointerup", "pointercancel", "lostpointercapture"])) {
      header.addEventListener(type, (event) => this.#onPointerEnd(event), { signal });
    }
    header.addEventListener("dblclick", ({ target }) => isControl(target) || this.reset(), { signal });
    env.window.addEventListener("resize", () => this.#apply(), { signal });
    // The panel's size changes when it is shown and with what it shows.
    this.#resizeObserver = env.window.ResizeObserver && new env.window.ResizeObserver(() => this.#apply());
    this.#resizeObserver?.observe(element);
    this.#apply();
  }

  /** False for a panel that fills the window: on small screens, and in the pop-out. */
  get isMovable() {
    return getComputedStyle(this.#element).position === "absolute";
  }

  /**
   * Move the panel by a distance in px, and store its position.
   * @param {number} x
   * @param {number} y
   */
  moveBy(x, y) {
    this.#moveTo({ x: this.#shownOffset.x + x, y: this.#shownOffset.y + y });
    this.#save();
  }

  /** Move the panel back to its default position. */
  reset() {
    this.#moveTo({ x: 0, y: 0 });
    this.#save();
  }

  stop() {
    this.#abort.abort();
    this.#resizeObserver?.disconnect();
  }

  /** @param {PointerEvent} event */
  #onPointerDown({ button, clientX, clientY, pointerId, target }) {
    if (button || this.#drag || isControl(target) || !this.isMovable) return;
    this.#drag = {
      pointerId,
      start: { x: clientX - this.#shownOffset.x, y: clientY - this.#shownOffset.y },
      isMoving: false,
    };
    this.#header.setPointerCapture(pointerId);
  }

  /** @param {PointerEvent} event */
  #onPointerMove({ clientX, clientY, pointerId }) {
    const drag = this.#drag;
    if (drag?.pointerId !== pointerId) return;
    const offset = { x: clientX - drag.start.x, y: clientY - drag.start.y };
    const distance = Math.hypot(offset.x - this.#shownOffset.x, offset.y - this.#shownOffset.y);
    if (!drag.isMoving && distance < DRAG_THRESHOLD_PX) return;
    drag.isMoving = true;
    this.#element.toggleAttribute("data-dragged", true);
    this.#moveTo(offset);
  }

  /** @param {PointerEvent} event */
  #onPointerEnd({ pointerId }) {
    const drag = this.#drag;
    if (drag?.pointerId !== pointerId) return;
    this.#drag = null;
    this.#element.removeAttribute("data-dragged");
    if (drag.isMoving) this.#save();
  }

  /** @param {Offset} offset */
  #moveTo(offset) {
    this.#chosenOffset = offset;
    this.#apply();
    // Keep the limited offset: if it were larger than the window allows, moving back would have no effect at first.
    this.#chosenOffset = this.#shownOffset;
  }

  /** Move the panel as near to the chosen offset as the window allows. */
  #apply() {
    const { isMovable } = this;
    this.#element.toggleAttribute("data-movable", isMovable);
    this.#shownOffset = isMovable ? this.#limitToWindow(this.#chosenOffset) : { x: 0, y: 0 };
    const { x, y } = this.#shownOffset;
    this.#element.style.translate = x || y ? `${x}px ${y}px` : "";
  }

  /**
   * The offset nearest to the given one with which the panel is inside the window.
   * @param {Offset} offset
   * @returns {Offset}
   */
  #limitToWindow({ x, y }) {
    const { left, top, width, height } = this.#element.getBoundingClientRect();
    // A hidden panel has no size.
    if (!width) return { x, y };
    const { clientWidth } = this.#env.document.documentElement;
    const defaultLeft = left - this.#shownOffset.x;
    const defaultTop = top - this.#shownOffset.y;
    return {
      x: Math.round(clamp(x, MARGIN_PX - defaultLeft, clientWidth - MARGIN_PX - width - defaultLeft)),
      y: Math.round(clamp(y, MARGIN_PX - defaultTop, this.#env.window.innerHeight - MARGIN_PX - height - defaultTop)),
    };
  }

  #save() {
    const { x, y } = this.#chosenOffset;
    savePreferences(this.#env, { place: x || y ? { x, y } : undefined });
  }
}

/**
 * The stored offset; zero if none or something else is stored.
 * @param {Partial<Offset> | undefined} stored
 * @returns {Offset}
 */
function readStoredOffset(stored) {
  const { x, y } = stored ?? {};
  return Number.isFinite(x) && Number.isFinite(y) ? /** @type {Offset} */ ({ x, y }) : { x: 0, y: 0 };
}

/**
 * `value` limited to the range; 0, the default position, if the window is so small that the range is empty.
 * @param {number} value
 * @param {number} min
 * @param {number} max
 */
const clamp = (value, min, max) => (min > max ? 0 : Math.min(Math.max(value, min), max));

/** @param {EventTarget | null} target */
const isControl = (target) => Boolean(/** @type {Element} */ (target).closest("button"));
