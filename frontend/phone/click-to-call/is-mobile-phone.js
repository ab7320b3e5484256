/** Detects whether the device is a mobile phone. */

/**
 * True on a mobile device whose main pointer is a finger; false on tablets.
 * @param {Pick<Window, "matchMedia" | "navigator">} window
 */
export function isMobilePhone(window) {
  const { userAgentData, userAgent } = /** @type {Navigator & {userAgentData?: {mobile: boolean}}} */ (
    window.navigator
  );
  const isMobile =
    userAgentData?.mobile ?? (/\b(?:iPhone|iPod|Mobile)\b/.test(userAgent) && !/\biPad\b/.test(userAgent));
  return isMobile && window.matchMedia("(pointer: coarse)").matches;
}
