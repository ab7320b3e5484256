/**
 * Reads and saves a person's preferences in the local storage: devices, keypad sounds, position of the panel, debug
 * mode.
 */

/** @import { Environment, Preferences } from "../types.d.ts" */

/** The key in the local storage. The value contains no phone number and no token. */
const PREFERENCES_KEY = "epochphone";

/**
 * The stored preferences; empty where nothing may be stored.
 * @param {Window} window
 * @returns {Preferences}
 */
export function readPreferences(window) {
  try {
    const stored = JSON.parse(window.localStorage.getItem(PREFERENCES_KEY) ?? "null");
    return stored && typeof stored === "object" ? stored : {};
  } catch {
    return {};
  }
}

/**
 * Change some of the preferences of `env`, and store them all.
 * @param {Environment} env
 * @param {Preferences} change
 */
export function savePreferences({ preferences, window }, change) {
  Object.assign(preferences, change);
  try {
    window.localStorage.setItem(PREFERENCES_KEY, JSON.stringify(preferences));
  } catch {
    // In a page that may store nothing, the preference is lost when the page is left.
  }
}
