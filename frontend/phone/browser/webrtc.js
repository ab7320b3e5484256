/** Tells whether the browser can carry calls at all. */

/** @import { Environment } from "../types.d.ts" */

/**
 * True if the browser has what each call needs. Pages over plain http have no media devices in any browser: they are told
 * so when they call.
 * @param {Pick<Environment, "window" | "navigator">} env
 */
export const hasWebRtc = ({ window, navigator }) =>
  Boolean(window.RTCPeerConnection && (window.isSecureContext === false || navigator.mediaDevices?.getUserMedia));
