/** Formats times and durations, and compares phone numbers, for the demo page. */

/**
 * The time of day in the reader's locale.
 * @param {Date} date
 */
export function formatTimeOfDay(date, { seconds = false } = {}) {
  return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined });
}

/**
 * Whole seconds as m:ss, or h:mm:ss.
 * @param {number} seconds
 */
export function formatDuration(seconds) {
  /** @param {number} part */
  const pad = (part) => String(part).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${pad(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(seconds % 60)}`;
}

/**
 * True if `typed`, in any format, is the number `e164` among one page's contacts.
 * @param {string} e164
 * @param {string} typed
 */
export function isSameNumber(e164, typed) {
  const significantDigits = digitsOf(typed).replace(/^(?:011|0+)/, "");
  return significantDigits.length >= 7 && digitsOf(e164).endsWith(significantDigits);
}

/** @param {string} text */
const digitsOf = (text) => text.replace(/\D/g, "");
