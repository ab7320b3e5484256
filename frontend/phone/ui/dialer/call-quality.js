/** What is wrong with the line of a call, in words that a person can do something with. */

// What the SDK warns of, worst first, and the words for it.
const TROUBLES = [
  ["low-bytes-received", "not-heard"],
  ["low-bytes-sent", "not-sent"],
  ["constant-audio-input-level", "silent"],
  ["high-packet-loss", "lossy"],
  ["high-packets-lost-fraction", "lossy"],
  ["high-jitter", "lossy"],
  ["high-rtt", "slow"],
  ["low-mos", "poor"],
];

/** The word of `words` for the worst trouble of a call: `lost`, the device unplugged, or one of the SDK's `warnings`. */
export function troubleOf({ lost, warnings }, words) {
  return words[lost ?? TROUBLES.find(([warning]) => warnings.has(warning))?.[1]] ?? "";
}
