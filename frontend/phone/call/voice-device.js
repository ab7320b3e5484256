/** The connection to the carrier: one SDK Device, built at the first call and rebuilt when it no longer works. */
import { Problem } from "../errors.js";
import { microphoneProblem } from "./microphone.js";

const RELEASE_AGAIN_MS = 1_000;
const SIGNALING_GRACE_MS = 30_000;

// The SDK fetches fifteen sound files unless it is given a Sound; none is ever heard here.
class Silence {
  play() {
    return Promise.resolve();
  }
  stop() {}
  setSinkIds() {}
}

export class Line {
  #loadSdk;
  #session;
  #env;
  #device = null;
  /** The exchange's answer whose token the Device holds. */
  #held = null;
  #streams = new Set();
  #asking = 0;
  #listener = null;

  constructor({ loadSdk, session, env }) {
    this.#loadSdk = loadSdk;
    this.#session = session;
    this.#env = env;
  }

  /** Whether a person is still looking at the browser's question about the microphone. */
  get isAskingForMicrophone() {
    return this.#asking > 0;
  }

  /** The SDK's devices while there is a call, else null. */
  get audio() {
    return this.#device?.isBusy ? this.#device.audio : null;
  }

  /** Who hears of the Device's troubles: `{error(error), microphone(problem), lost(kind), destroyed()}`, or null. */
  listen(listener) {
    this.#listener = listener;
  }

  /** A Device that can connect. Raises Problem when the SDK cannot be loaded. */
  async open() {
    const { Device } = await this.#loadSdk();
    // Evaluating the SDK and building a Device in one task would freeze a slow page.
    await new Promise((resolve) => setTimeout(resolve));
    if (this.#device && (this.#device.state === "destroyed" || this.#device.isBusy)) this.discard();
    this.#device ??= this.#build(Device);
    this.updateToken();
    // Built before any click, the SDK's audio context would stay suspended for ever.
    Device.audioContext?.resume?.().catch(() => {});
    return this.#device;
  }

  /**
   * Use the session's new token from now on. The carrier takes a live call up again only for the identity that began
   * it: a token of another identity waits for the call's end, unless the old one is refused (`isRefused`).
   */
  updateToken({ isRefused = false } = {}) {
    const { data } = this.#session;
    if (!this.#device || this.#device.state === "destroyed" || data === this.#held) return;
    if (this.#device.isBusy && data.identity !== this.#held.identity && !isRefused) return;
    this.#held = data;
    this.#device.updateToken(data.access_token);
  }

  /** Drop the Device, whatever it is doing. */
  discard() {
    const device = this.#device;
    this.#device = null;
    if (device && device.state !== "destroyed") device.destroy();
    this.#stopStreams();
  }

  /** Give the microphone back after a call; the SDK keeps it after the first one of a browser session. */
  release() {
    const device = this.#device;
    const give = async () => {
      if (this.#listener || device !== this.#device) return;
      this.#stopStreams();
      if (!device || device.state === "destroyed") return;
      if (device.isBusy) {
        this.discard();
      } else if (device.audio?.inputDevice) {
        await device.audio.unsetInputDevice().catch(() => {});
      }
    };
    give();
    // The device list changes some time after the first permission, possibly after a short call has ended.
    setTimeout(give, RELEASE_AGAIN_MS);
  }

  #build(Device) {
    this.#held = this.#session.data;
    const { access_token: token, signaling } = this.#held;
    const device = new Device(token, {
      ...(signaling ? { chunderw: sandboxHost(signaling) } : {}),
      codecPreferences: ["opus", "pcmu"],
      enableImprovedSignalingErrorPrecision: true,
      getUserMedia: (constraints) => this.#getUserMedia(constraints),
      logLevel: "silent",
      maxCallSignalingTimeoutMs: SIGNALING_GRACE_MS,
      publishEvents: !signaling,
      Sound: Silence,
    });
    device.on("error", (error) => this.#listener?.error(error));
    device.audio?.on?.("deviceChange", async (gone) => {
      if (gone.some(({ kind }) => kind === "audiooutput")) this.#listener?.lost("speaker");
      if (this.#env.preferences.speaker) (await this.#devices())?.useSpeaker(device.audio, this.#env.preferences);
    });
    device.on("destroyed", () => {
      if (device !== this.#device) return;
      this.#device = null;
      this.#listener?.destroyed();
    });
    return device;
  }

  /** What only people who chose a device, or lose one, need; null where it cannot be had. */
  #devices() {
    return this.#env.loadChunk("audio-devices").catch(() => null);
  }

  async #getUserMedia(constraints) {
    this.#asking += 1;
    try {
      const { navigator, preferences } = this.#env;
      const devices = preferences.microphone ? await this.#devices() : null;
      const stream = await (devices?.record(constraints, this.#env) ??
        navigator.mediaDevices.getUserMedia(constraints));
      this.#streams.add(stream);
      for (const track of stream.getTracks())
        track.addEventListener?.("ended", () => this.#unplugged(), { once: true });
      return stream;
    } catch (error) {
      const { code, fix } = await microphoneProblem(error, this.#env.navigator);
      this.#listener?.microphone(new Problem(code, { fix }));
      throw error;
    } finally {
      this.#asking -= 1;
    }
  }

  /** The microphone of a live call is gone: browsers tell by ending its track. */
  async #unplugged() {
    this.#listener?.lost("microphone");
    (await this.#devices())?.useAnyMicrophone(this.#device?.audio);
  }

  #stopStreams() {
    for (const stream of this.#streams) for (const track of stream.getTracks()) track.stop();
    this.#streams.clear();
  }
}

// See sdk/socket.js: the SDK's socket turns this reserved name into ws://host:port.
const sandboxHost = (signaling) => `${signaling.replace(/:(\d+)$/, "-$1")}.sandbox.invalid`;
