/** What a person chose in this browser, for this site: devices and keypad sounds, never a number or a token. */
export const PREFERENCES_KEY = "epochphone";

/**
 * `{microphone?, speaker?, sounds?, debug?}`: ids of devices, whether keys sound, and debug mode, which whoever helps
 * switches on by hand. Empty where nothing may be stored.
 */
export function readPreferences(window) {
  try {
    const stored = JSON.parse(window.localStorage.getItem(PREFERENCES_KEY));
    return stored && typeof stored === "object" ? stored : {};
  } catch {
    return {};
  }
}
