/** Checks the early connection to the carrier, and the audio context, with the installed voice SDK. */
import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { connectSignaling, createAudioContext, Device } from "./index.js";

/** The SDK's signaling connection. */
class FakeStream extends EventEmitter {
  static opened = [];
  constructor(token, uris) {
    super();
    this.token = token;
    this.uris = uris;
    FakeStream.opened.push(this);
  }
  setToken() {}
  destroy() {}
}

// Needs the browser's audio devices.
class FakeAudioHelper extends EventEmitter {
  _destroy() {}
}

class FakeSound {
  play() {
    return Promise.resolve();
  }
  stop() {}
  setSinkIds() {}
}

test("connectSignaling opens the connection that connect() uses, once, and registers nothing", async () => {
  const node = { connect: () => {}, gain: {} };
  class FakeAudioContext {
    createAnalyser = () => node;
    createGain = () => node;
    createMediaStreamDestination = () => node;
    createOscillator = () => node;
  }
  window.AudioContext = FakeAudioContext;
  createAudioContext();
  const context = Device.audioContext;
  const device = new Device("jwt", {
    AudioHelper: FakeAudioHelper,
    PStream: FakeStream,
    Sound: FakeSound,
    logLevel: "silent",
    publishEvents: false,
  });
  expect([context instanceof FakeAudioContext, Device.audioContext === context]).toEqual([true, true]);
  expect(FakeStream.opened).toEqual([]);
  const connected = connectSignaling(device);
  connectSignaling(device);
  const [stream] = FakeStream.opened;
  stream.emit("connected", { region: "US_EAST_VIRGINIA", edge: "ashburn", token: { identity: "w", ttl: 3600 } });
  expect(await connected).toBe(stream);
  expect([FakeStream.opened.length, stream.token, device.state]).toEqual([1, "jwt", "unregistered"]);
  device.destroy();
});
