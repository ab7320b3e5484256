/** Tells telephones from other devices. */

/**
 * True on a mobile device whose main pointer is a finger. Tablets are none.
 * @param {Pick<Window, "matchMedia" | "navigator">} window
 */
export function isPhone(window) {
  const { userAgentData, userAgent } = /** @type {Navigator & {userAgentData?: {mobile: boolean}}} */ (
    window.navigator
  );
  const isMobile =
    userAgentData?.mobile ?? (/\b(?:iPhone|iPod|Mobile)\b/.test(userAgent) && !/\biPad\b/.test(userAgent));
  return isMobile && window.matchMedia("(pointer: coarse)").matches;
}
