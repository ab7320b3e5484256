/**
 * Moves the keyboard focus from a number of the page that is pressed by a key into the phone, and back when the panel
 * closes.
 */

/** @import { Phone } from "../core.js" */

const HOST_ELEMENT = "epoch-phone";

/**
 * True if a key, or assistive technology in its place, pressed the element.
 * @param {MouseEvent | KeyboardEvent} event
 */
const isKeyPress = (event) => event.isTrusted && (event.type === "keydown" || event.detail === 0);

/**
 * Returns `follow(event, element)`, to be called when a press on `element` began a call or opened the panel, and
 * `stop()`.
 * @param {Document} document
 * @param {Phone} phone
 * @param {() => void} open Opens the panel with the focus in it.
 */
export function createKeyboardFocus(document, phone, open) {
  /**
   * The number's element that was pressed by a key.
   * @type {HTMLElement | null}
   */
  let opener = null;
  const unsubscribe = phone.events.on("close", () => {
    // During a call the call bar has the focus; it goes back to the number after the call.
    if (phone.isInCall) return;
    // Not if the person has moved the focus out of the phone.
    if (opener?.isConnected && document.activeElement?.localName === HOST_ELEMENT) opener.focus();
    opener = null;
  });
  return {
    /**
     * @param {MouseEvent | KeyboardEvent} event
     * @param {Element} element
     */
    follow(event, element) {
      opener = isKeyPress(event) ? /** @type {HTMLElement} */ (element) : null;
      if (opener) open();
    },
    stop: unsubscribe,
  };
}
