/**
 * The chunk that moves the open panel: by its header with a pointer, by the buttons of the settings sheet. The panel stays
 * inside the window, and its place is remembered for the site.
 */
import { savePreferences } from "../browser/preferences.js";

/** @import { Panel } from "../ui/panel.js" */

/** The distance from the edges of the window, and how far a pointer moves before it drags, in px. */
const MARGIN = 8;
const THRESHOLD = 4;
// Only while it can be moved: a panel as wide as the window scrolls with the finger on its header.
const DRAG_STYLES = `
.panel[data-movable] header{cursor:grab;touch-action:none;user-select:none;-webkit-user-select:none}
.panel[data-dragged] header{cursor:grabbing}
`;

/** @typedef {{x: number, y: number}} Offset From the panel's own place, in px. */

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
  /** The offset that a person chose: a larger window shows the panel there again. */
  #wanted;
  /** @type {Offset} */
  #offset = { x: 0, y: 0 };
  /** @type {{id: number, from: Offset, isMoving: boolean} | null} */
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
    this.#wanted = storedOffset(env.preferences.place);
    panel.adoptStyles(DRAG_STYLES);
    header.addEventListener("pointerdown", (event) => this.#onPointerDown(event), { signal });
    header.addEventListener("pointermove", (event) => this.#onPointerMove(event), { signal });
    for (const type of /** @type {const} */ (["pointerup", "pointercancel", "lostpointercapture"])) {
      header.addEventListener(type, (event) => this.#onPointerEnd(event), { signal });
    }
    header.addEventListener("dblclick", ({ target }) => isControl(target) || this.reset(), { signal });
    env.window.addEventListener("resize", () => this.#apply(), { signal });
    // The panel's height depends on what it shows; it is observed when it is shown, too.
    this.#resizeObserver = env.window.ResizeObserver && new env.window.ResizeObserver(() => this.#apply());
    this.#resizeObserver?.observe(element);
    this.#apply();
  }

  /** False for a panel that fills the window: on small screens, and in the pop-out. */
  get isMovable() {
    return getComputedStyle(this.#element).position === "absolute";
  }

  /**
   * Move the panel by a distance in px, and remember its place.
   * @param {number} x
   * @param {number} y
   */
  moveBy(x, y) {
    this.#moveTo({ x: this.#offset.x + x, y: this.#offset.y + y });
    this.#save();
  }

  /** Move the panel back to its own place. */
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
    this.#drag = { id: pointerId, from: { x: clientX - this.#offset.x, y: clientY - this.#offset.y }, isMoving: false };
    this.#header.setPointerCapture(pointerId);
  }

  /** @param {PointerEvent} event */
  #onPointerMove({ clientX, clientY, pointerId }) {
    const drag = this.#drag;
    if (drag?.id !== pointerId) return;
    const to = { x: clientX - drag.from.x, y: clientY - drag.from.y };
    const distance = Math.hypot(to.x - this.#offset.x, to.y - this.#offset.y);
    if (!drag.isMoving && distance < THRESHOLD) return;
    drag.isMoving = true;
    this.#element.toggleAttribute("data-dragged", true);
    this.#moveTo(to);
  }

  /** @param {PointerEvent} event */
  #onPointerEnd({ pointerId }) {
    const drag = this.#drag;
    if (drag?.id !== pointerId) return;
    this.#drag = null;
    this.#element.removeAttribute("data-dragged");
    if (drag.isMoving) this.#save();
  }

  /** @param {Offset} offset */
  #moveTo(offset) {
    this.#wanted = offset;
    this.#apply();
    // The offset within the window is kept, not the wanted one: otherwise moving back would show nothing at first.
    this.#wanted = this.#offset;
  }

  /** Move the panel as near to the wanted place as the window allows. */
  #apply() {
    const { isMovable } = this;
    this.#element.toggleAttribute("data-movable", isMovable);
    this.#offset = isMovable ? this.#inWindow(this.#wanted) : { x: 0, y: 0 };
    const { x, y } = this.#offset;
    this.#element.style.translate = x || y ? `${x}px ${y}px` : "";
  }

  /**
   * @param {Offset} wanted
   * @returns {Offset}
   */
  #inWindow({ x, y }) {
    const { left, top, width, height } = this.#element.getBoundingClientRect();
    // A hidden panel has no size.
    if (!width) return { x, y };
    const { clientWidth } = this.#env.document.documentElement;
    const ownLeft = left - this.#offset.x;
    const ownTop = top - this.#offset.y;
    return {
      x: Math.round(clamp(x, MARGIN - ownLeft, clientWidth - MARGIN - width - ownLeft)),
      y: Math.round(clamp(y, MARGIN - ownTop, this.#env.window.innerHeight - MARGIN - height - ownTop)),
    };
  }

  #save() {
    const { x, y } = this.#wanted;
    savePreferences(this.#env, { place: x || y ? { x, y } : undefined });
  }
}

/**
 * A stored offset; none where something else is stored.
 * @param {Partial<Offset> | undefined} place
 * @returns {Offset}
 */
function storedOffset(place) {
  const { x, y } = place ?? {};
  return Number.isFinite(x) && Number.isFinite(y) ? /** @type {Offset} */ ({ x, y }) : { x: 0, y: 0 };
}

/**
 * `value` between the limits. Limits that exclude each other, in a very small window, leave the panel at its own place.
 * @param {number} value
 * @param {number} least
 * @param {number} most
 */
const clamp = (value, least, most) => (least > most ? 0 : Math.min(Math.max(value, least), most));

/** @param {EventTarget | null} target */
const isControl = (target) => Boolean(/** @type {Element} */ (target).closest("button"));
