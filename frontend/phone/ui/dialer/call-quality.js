/**
 * Selects the text of the warning about a call's sound: the unplugged device, or else the voice SDK's worst warning.
 */

/** @import { dialer } from "../../i18n/locales/en.js" */
/** @import { DeviceKind } from "../../types.d.ts" */

/**
 * The SDK's warnings, worst first, and the key of the text for each.
 * @type {[string, keyof typeof dialer.callQuality][]}
 */
const TEXT_KEYS = [
  ["ice-connectivity-lost", "lost"],
  ["low-bytes-received", "not-heard"],
  ["low-bytes-sent", "not-sent"],
  ["constant-audio-input-level", "silent"],
  ["high-packet-loss", "lossy"],
  ["high-packets-lost-fraction", "lossy"],
  ["high-jitter", "lossy"],
  ["high-rtt", "slow"],
  ["low-mos", "poor"],
];

/**
 * The text for an unplugged device, or else for the worst warning; empty without either.
 * @param {{lostDevice: DeviceKind | null, warnings: Set<string>}} call
 * @param {typeof dialer.callQuality} texts
 */
export function qualityWarningOf({ lostDevice, warnings }, texts) {
  const key = lostDevice ?? TEXT_KEYS.find(([warning]) => warnings.has(warning))?.[1];
  return key ? texts[key] : "";
}
