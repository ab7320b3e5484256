/** Manages the voice SDK's Device: its connection to the carrier, the microphone and the speaker. */
import { nextTask } from "../browser/next-task.js";
import { Problem } from "../errors.js";
import { microphoneProblem } from "./microphone.js";

/** @import { Device } from "@twilio/voice-sdk" */
/** @import { TokenSession } from "../session/token-session.js" */
/** @import { DeviceKind, Environment, ExchangeResponse } from "../types.d.ts" */

/**
 * @typedef {object} DeviceListener
 * @property {(error: {code?: number}) => void} error The SDK's.
 * @property {(problem: Problem) => void} microphoneFailed
 * @property {(kind: DeviceKind) => void} deviceLost A device was unplugged.
 * @property {() => void} destroyed
 */

// The SDK opens the microphone again when the list of devices changes, some time after the first permission. A short
// call may have ended by then.
const SECOND_RELEASE_DELAY_MS = 1_000;
const SIGNALING_TIMEOUT_MS = 30_000;

// Without a Sound class of ours the SDK fetches fifteen sound files, none of which the phone plays.
class SilentSound {
  play() {
    return Promise.resolve();
  }
  stop() {}
  setSinkIds() {}
}

export class VoiceDevice {
  #session;
  #env;
  /** @type {Device | null} */
  #device = null;
  /**
   * The response of the exchange whose token the Device has.
   * @type {ExchangeResponse | null}
   */
  #exchangeResponse = null;
  /** @type {Set<MediaStream>} */
  #streams = new Set();
  #microphoneRequests = 0;
  #isClosed = false;
  /** @type {DeviceListener | null} */
  #listener = null;

  /**
   * @param {TokenSession} session
   * @param {Environment} env
   */
  constructor(session, env) {
    this.#session = session;
    this.#env = env;
  }

  /** True if the browser is still asking a person for the microphone. */
  get isAskingForMicrophone() {
    return this.#microphoneRequests > 0;
  }

  /** The SDK's audio devices during a call; null otherwise. */
  get audio() {
    return this.#device?.isBusy ? this.#device.audio : null;
  }

  /** @param {DeviceListener | null} listener */
  listen(listener) {
    this.#listener = listener;
  }

  /** The Device, ready to connect. Throws Problem if the SDK cannot be loaded. */
  async open() {
    const { Device } = await this.#env.loadSdk();
    if (this.#device && (this.#device.state === "destroyed" || this.#device.isBusy)) this.discard();
    const device = this.#device ?? (await this.#create());
    this.updateToken();
    // An audio context that the SDK built before any click stays suspended until it is resumed.
    Device.audioContext?.resume?.().catch(() => {});
    return device;
  }

  /**
   * Connect a call on the Device that `open()` has made ready.
   * @param {Record<string, string>} params The carrier's.
   */
  connect(params) {
    return /** @type {Device} */ (this.#device).connect({ params });
  }

  /**
   * Create the Device and connect it to the carrier, without a call, so that the next one begins sooner. Throws Problem if
   * the SDK cannot be loaded.
   */
  async warmUp() {
    const { connectSignaling } = await this.#env.loadSdk();
    if (this.#isClosed || this.#device?.isBusy) return;
    const device = this.#device ?? (await this.#create());
    await nextTask();
    if (this.#isClosed) this.discard();
    else if (device === this.#device && !device.isBusy) {
      // Without a call, a lost or refused connection is not reported: the next call opens another one.
      connectSignaling(device).catch(() => {});
    }
  }

  /** Destroy the Device and create no other one. */
  close() {
    this.#isClosed = true;
    this.discard();
  }

  /** Create the Device, each step in its own task, because together they would block a slow page. */
  async #create() {
    const { Device, createAudioContext } = await this.#env.loadSdk();
    await nextTask();
    if (!this.#device && !Device.audioContext) {
      createAudioContext();
      await nextTask();
    }
    // open() and warmUp() may both be waiting for the steps above.
    this.#device ??= this.#createDevice(Device);
    return this.#device;
  }

  /**
   * Use the session's new token. The carrier resumes a live call only for the identity that began it: a token of another
   * identity waits for the end of the call, unless the carrier refused the old token (`isRefused`).
   */
  updateToken({ isRefused = false } = {}) {
    const { exchangeResponse: response } = this.#session;
    const device = this.#device;
    if (!response || !device || device.state === "destroyed" || response === this.#exchangeResponse) return;
    if (device.isBusy && response.identity !== this.#exchangeResponse?.identity && !isRefused) return;
    this.#exchangeResponse = response;
    device.updateToken(response.access_token);
  }

  /** Destroy the Device, also during a call. The next call creates another one. */
  discard() {
    const device = this.#device;
    this.#device = null;
    if (device && device.state !== "destroyed") device.destroy();
    this.#stopStreams();
  }

  /** Release the microphone after a call; the SDK keeps it after the first call of a browser session. */
  release() {
    const device = this.#device;
    const releaseNow = async () => {
      if (this.#listener || device !== this.#device) return;
      this.#stopStreams();
      if (!device || device.state === "destroyed") return;
      if (device.isBusy) {
        this.discard();
      } else if (device.audio?.inputDevice) {
        await device.audio.unsetInputDevice().catch(() => {});
      }
    };
    releaseNow();
    setTimeout(releaseNow, SECOND_RELEASE_DELAY_MS);
  }

  /** @param {typeof Device} Device */
  #createDevice(Device) {
    const exchangeResponse = /** @type {ExchangeResponse} */ (this.#session.exchangeResponse);
    this.#exchangeResponse = exchangeResponse;
    const { access_token: token, edges, signaling } = exchangeResponse;
    // The SDK reads more options than its types have.
    const options = /** @type {Device.Options} */ ({
      ...(signaling ? { chunderw: sandboxHost(signaling) } : {}),
      ...(edges ? { edge: edges } : {}),
      codecPreferences: ["opus", "pcmu"],
      enableImprovedSignalingErrorPrecision: true,
      getUserMedia: (/** @type {MediaStreamConstraints} */ constraints) => this.#getUserMedia(constraints),
      logLevel: "silent",
      maxCallSignalingTimeoutMs: SIGNALING_TIMEOUT_MS,
      publishEvents: !signaling,
      Sound: SilentSound,
    });
    const device = new Device(token, options);
    device.on("error", (error) => {
      if (device !== this.#device) return;
      if (this.#listener) this.#listener.error(error);
      // The SDK would connect again and again, even with a token that the carrier refuses.
      else this.discard();
    });
    device.audio?.on?.("deviceChange", async (/** @type {MediaDeviceInfo[]} */ lostDevices) => {
      if (lostDevices.some(({ kind }) => kind === "audiooutput")) this.#listener?.deviceLost("speaker");
      if (!this.#env.preferences.speaker) return;
      const devices = await this.#loadAudioDevices();
      if (device.audio) devices?.useSpeaker(device.audio, this.#env.preferences);
    });
    device.on("destroyed", () => {
      if (device !== this.#device) return;
      this.#device = null;
      this.#listener?.destroyed();
    });
    return device;
  }

  /** The chunk for people who chose a device or whose device was unplugged; null if it cannot be loaded. */
  #loadAudioDevices() {
    return this.#env.loadChunk("audio-devices").catch(() => null);
  }

  /** @param {MediaStreamConstraints} constraints */
  async #getUserMedia(constraints) {
    this.#microphoneRequests += 1;
    try {
      const { navigator, preferences } = this.#env;
      const devices = preferences.microphone ? await this.#loadAudioDevices() : null;
      const stream = await (devices?.openMicrophone(constraints, this.#env) ??
        navigator.mediaDevices.getUserMedia(constraints));
      this.#streams.add(stream);
      // Browsers end the track when the microphone is unplugged.
      for (const track of stream.getTracks())
        track.addEventListener?.("ended", () => this.#onMicrophoneLost(), { once: true });
      return stream;
    } catch (error) {
      const problem = await microphoneProblem(error, this.#env.navigator);
      this.#listener?.microphoneFailed(new Problem(problem.code, problem));
      throw error;
    } finally {
      this.#microphoneRequests -= 1;
    }
  }

  async #onMicrophoneLost() {
    this.#listener?.deviceLost("microphone");
    (await this.#loadAudioDevices())?.useAnyMicrophone(this.#device?.audio);
  }

  #stopStreams() {
    for (const stream of this.#streams) for (const track of stream.getTracks()) track.stop();
    this.#streams.clear();
  }
}

/**
 * The reserved host name that sdk/carrier-socket.js turns into `ws://<host>:<port>`.
 * @param {string} signaling
 */
const sandboxHost = (signaling) => `${signaling.replace(/:(\d+)$/, "-$1")}.sandbox.invalid`;
