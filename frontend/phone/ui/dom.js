/**
 * Creates elements, icons and style sheets by DOM calls alone: no markup is parsed, so Trusted Types and strict
 * policies do not apply.
 */
const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

/**
 * @typedef {string | number | boolean | null | undefined | ((event: any) => void)} Attribute The event's type follows from
 *   its name.
 */

/**
 * An element with `attributes` (functions become listeners, `true` an empty attribute) and `children`.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, Attribute>} [attributes]
 * @param {(Node | string)[]} children
 */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, String(value));
  }
  element.append(...children);
  return element;
}

/**
 * A button that does not submit a form.
 * @param {Record<string, Attribute>} attributes
 * @param {(Node | string)[]} children
 */
export const button = (attributes, ...children) => h("button", { type: "button", ...attributes }, ...children);

/**
 * A 24 × 24 icon of one path, a line or (the handset) an area, hidden from assistive technology.
 * @param {string} path
 */
export function icon(path) {
  const svg = document.createElementNS(SVG_NAMESPACE, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" })) {
    svg.setAttribute(key, value);
  }
  const shape = document.createElementNS(SVG_NAMESPACE, "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

/**
 * A style sheet for a shadow root.
 * @param {string} text
 */
export function createStyleSheet(text) {
  const styleSheet = new CSSStyleSheet();
  styleSheet.replaceSync(text);
  return styleSheet;
}

// Not in ICONS only, so that phone.js contains no other icon.
export const HANDSET =
  "M6.6 10.8a15.1 15.1 0 0 0 6.6 6.6l2.2-2.2c.3-.3.7-.4 1-.2 1.2.4 2.4.6 3.6.6.6 0 1 .4 1 1V20c0 .6-.4 1-1 1A17 17 0 0 1 3 4c0-.6.4-1 1-1h3.5c.6 0 1 .4 1 1 0 1.2.2 2.5.6 3.6.1.3 0 .7-.2 1z";

export const ICONS = {
  phone: HANDSET,
  mute: "M9 6a3 3 0 0 1 6 0v5a3 3 0 0 1-6 0zM5 11a7 7 0 0 0 14 0M12 18v3",
  keypad: "M5 5h0M12 5h0M19 5h0M5 12h0M12 12h0M19 12h0M5 19h0M12 19h0M19 19h0",
  devices: "M4 14v-2a8 8 0 0 1 16 0v2M4 14h3v6H4zM17 14h3v6h-3z",
  more: "M12 5h0M12 12h0M12 19h0",
  minimise: "m6 9 6 6 6-6",
  expand: "m6 15 6-6 6 6",
  backspace: "M8 5h13v14H8l-6-7zM12 9l5 6M17 9l-5 6",
};
