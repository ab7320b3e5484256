/** Checks that an ended call leaves no listener on the installed SDK's signaling connection. */
import { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { removeListenersAtEnd } from "./listeners-at-end.js";

const require = createRequire(import.meta.url);
const { default: PeerConnection } = require("../node_modules/@twilio/voice-sdk/es5/twilio/rtc/peerconnection.js");
removeListenersAtEnd(PeerConnection);

test("calls that end before the answer leave no listener on the signaling connection", () => {
  const signaling = new EventEmitter();
  const observer = new EventEmitter();
  const audio = { _getAudioProcessorEventObserver: () => observer, _destroyRemoteProcessedStream: () => {} };
  const connection = new PeerConnection(audio, signaling, {});
  let ends = 0;
  connection.onclose = () => {
    ends += 1;
  };
  // Needs the browser's WebRTC.
  connection._initializeMediaStream = () => {
    connection.version = { createOffer: () => {} };
    return true;
  };
  connection.makeOutgoingCall("", null, "call-1", {}, () => {});
  expect(signaling.listenerCount("ringing")).toBe(1);
  connection.close();
  expect([ends, signaling.listenerCount("ringing"), signaling.listenerCount("answer")]).toEqual([1, 0, 0]);
});
