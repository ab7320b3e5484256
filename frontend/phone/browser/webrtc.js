/** Checks whether the browser has WebRTC and media devices (microphones), without which it can make no call. */

/** @import { Environment } from "../types.d.ts" */

/**
 * True if the browser has WebRTC and media devices. Also true on pages over plain http, which have no media devices in
 * any browser: a call there fails with `insecure_page`.
 * @param {Pick<Environment, "window" | "navigator">} env
 */
export const hasWebRtc = ({ window, navigator }) =>
  Boolean(window.RTCPeerConnection && (window.isSecureContext === false || navigator.mediaDevices?.getUserMedia));
