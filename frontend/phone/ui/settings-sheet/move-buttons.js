/** Builds the buttons that move the panel, for people who cannot drag it: by keyboard or with single taps. */
import { button, h, icon } from "../dom.js";

/** @import { settingsSheet } from "../../i18n/locales/en.js" */
/** @import { PanelMover } from "../../lazy/panel-mover.js" */

const STEP_PX = 32;
const RESET_ICON = "M5 12a7 7 0 1 0 2.5-5.4M4 4v5h5";

/**
 * For each direction: the key of its text, the key on the keyboard, the icon, and the steps in x and y.
 * @type {["moveLeft" | "moveUp" | "moveDown" | "moveRight", string, string, number, number][]}
 */
const DIRECTIONS = [
  ["moveLeft", "ArrowLeft", "M19 12H5m6-6-6 6 6 6", -1, 0],
  ["moveUp", "ArrowUp", "M12 19V5m-6 6 6-6 6 6", 0, -1],
  ["moveDown", "ArrowDown", "M12 5v14m-6-6 6 6 6-6", 0, 1],
  ["moveRight", "ArrowRight", "M5 12h14m-6-6 6 6-6 6", 1, 0],
];

/**
 * @param {PanelMover} mover
 * @param {typeof settingsSheet} texts
 */
export function moveButtons(mover, texts) {
  /**
   * @param {number} x
   * @param {number} y
   */
  const step = (x, y) => mover.moveBy(x * STEP_PX, y * STEP_PX);
  /**
   * @param {string} name
   * @param {string} path
   * @param {() => void} click
   */
  const iconButton = (name, path, click) =>
    button({ class: "icon", "aria-label": name, title: name, click }, icon(path));
  const arrows = DIRECTIONS.map(([textKey, , path, x, y]) => iconButton(texts[textKey], path, () => step(x, y)));
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const direction = DIRECTIONS.find(([, key]) => key === event.key);
    if (!direction) return;
    event.preventDefault();
    step(direction[3], direction[4]);
  };
  return h(
    "div",
    { class: "move", role: "group", "aria-labelledby": "move" },
    h("span", { id: "move" }, texts.movePanel),
    h(
      "span",
      { class: "arrows", keydown: onKeyDown },
      ...arrows,
      iconButton(texts.resetPosition, RESET_ICON, () => mover.reset()),
    ),
  );
}
