/** Reads a person's choices in this browser from the local storage: devices, keypad sounds, debug mode. */

/** @import { Preferences } from "../types.d.ts" */

/** The key in the local storage. The value holds no number and no token. */
export const PREFERENCES_KEY = "epochphone";

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
