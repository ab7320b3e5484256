/** The focus of people without a mouse: from a number of the page into the phone, and back when the panel is closed. */

/** @import { Phone } from "../core.js" */

const HOST = "epoch-phone";

/**
 * True if `event` is a press by a key, or by what assistive technology sends in its place.
 * @param {MouseEvent | KeyboardEvent} event
 */
const isByKey = (event) => event.isTrusted && (event.type === "keydown" || event.detail === 0);

/**
 * `follow(event, element)` is to be called when a press on `element` began a call or opened the panel.
 * @param {Document} document
 * @param {Phone} phone
 * @param {() => void} open Opens the panel with the focus in it.
 */
export function keyFocus(document, phone, open) {
  /** @type {HTMLElement | null} */
  let opener = null;
  const unsubscribe = phone.events.on("close", () => {
    // In a call the bar has the focus; the way back is kept for its end.
    if (phone.isInCall) return;
    // A person who went elsewhere meanwhile stays there.
    if (opener?.isConnected && document.activeElement?.localName === HOST) opener.focus();
    opener = null;
  });
  return {
    /**
     * @param {MouseEvent | KeyboardEvent} event
     * @param {Element} element
     */
    follow(event, element) {
      opener = isByKey(event) ? /** @type {HTMLElement} */ (element) : null;
      if (opener) open();
    },
    stop: unsubscribe,
  };
}
