/** The buttons that move the panel, for people who do not drag: by keyboard, or with single taps. */
import { button, h, icon } from "../dom.js";

/** @import { settingsSheet } from "../../i18n/locales/en.js" */
/** @import { PanelMover } from "../../lazy/panel-mover.js" */

const STEP_PX = 32;
const RESET_ICON = "M5 12a7 7 0 1 0 2.5-5.4M4 4v5h5";

/**
 * The name of each direction's text, the key on the keyboard, the icon, and where it leads.
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
 * @param {typeof settingsSheet} words
 */
export function moveButtons(mover, words) {
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
  const arrows = DIRECTIONS.map(([text, , path, x, y]) => iconButton(words[text], path, () => step(x, y)));
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
    h("span", { id: "move" }, words.movePanel),
    h(
      "span",
      { class: "arrows", keydown: onKeyDown },
      ...arrows,
      iconButton(words.resetPosition, RESET_ICON, () => mover.reset()),
    ),
  );
}
