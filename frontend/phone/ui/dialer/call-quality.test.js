/** Checks the text for each of the voice SDK's warnings about a call's sound. */
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import * as ar from "../../i18n/locales/ar.js";
import * as en from "../../i18n/locales/en.js";
import * as es from "../../i18n/locales/es.js";
import { qualityWarningOf } from "./call-quality.js";

// By its path: the package exports only its entry.
const MONITOR = "../../../node_modules/@twilio/voice-sdk/es5/twilio/statsMonitor.js";
const { default: StatsMonitor } = createRequire(import.meta.url)(MONITOR);

// The warning of each limit of the SDK; null where it warns of nothing.
const WARNINGS = {
  "audioInputLevel minStandardDeviation": "constant-audio-input-level",
  "audioOutputLevel minStandardDeviation": null, // the SDK only logs it
  "bytesReceived min": "low-bytes-received",
  "bytesSent min": "low-bytes-sent",
  "jitter max": "high-jitter",
  "mos min": "low-mos",
  "packetsLostFraction max": "high-packet-loss",
  "packetsLostFraction maxAverage": "high-packets-lost-fraction",
  "rtt max": "high-rtt",
};
const LIMITS = ["max", "maxAverage", "maxDuration", "min", "minStandardDeviation"];
// Not from a limit: the connection of the audio itself.
const ALL = [...Object.values(WARNINGS).filter(Boolean), "ice-connectivity-lost"];

test("has a decision about each limit of the installed SDK", () => {
  const limits = Object.entries(new StatsMonitor()._thresholds).flatMap(([stat, thresholds]) =>
    [thresholds].flat().flatMap((threshold) => LIMITS.filter((limit) => limit in threshold).map((l) => `${stat} ${l}`)),
  );
  expect(limits.sort()).toEqual(Object.keys(WARNINGS).sort());
});

test.each([
  ["en", en],
  ["es", es],
  ["ar", ar],
])("words every warning in %s", (_, { dialer }) => {
  for (const warning of ALL) {
    expect(qualityWarningOf({ lostDevice: null, warnings: new Set([warning]) }, dialer.callQuality)).not.toBe("");
  }
});
