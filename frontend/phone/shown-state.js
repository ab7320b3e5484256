/** The state of a phone as the panel, the bar and the button show it. */
import { isInCall, isReady } from "./states.js";

/** @import { Problem } from "./errors.js" */
/** @import { DeviceKind, PhoneCall, PostDialStep, RemoteCall } from "./types.d.ts" */

export class ShownState {
  /** @type {EpochPhoneState} */
  state = "loading";
  /**
   * Set while the state is `error`.
   * @type {Problem | null}
   */
  problem = null;
  /**
   * The present call, or the last one.
   * @type {PhoneCall | null}
   */
  call = null;
  /**
   * The reason why the last `dial` was refused, until the next one.
   * @type {Problem | null}
   */
  dialError = null;
  /**
   * The argument of the last `dial`: a text, or whatever the page gave.
   * @type {unknown}
   */
  dialled;
  /**
   * Shown beside the present call, which goes on.
   * @type {Problem | null}
   */
  notice = null;
  /**
   * The number that a person picked to call from, E.164; undefined where it is chosen for them.
   * @type {string | undefined}
   */
  pickedFrom;
  /**
   * The number that the last call was to come from, or that a person picked since; undefined where nobody asked for one.
   * @type {string | undefined}
   */
  askedFrom;
  isMuted = false;
  isReconnecting = false;
  /**
   * The SDK's warnings that hold in this call.
   * @type {Set<string>}
   */
  warnings = new Set();
  /**
   * The tones of this call that are sent after the answer.
   * @type {PostDialStep | null}
   */
  postDial = null;
  /**
   * The device that was unplugged in this call.
   * @type {DeviceKind | null}
   */
  lostDevice = null;
  /**
   * The call in another tab of this site.
   * @type {RemoteCall | null}
   */
  remoteCall = null;

  get isReady() {
    return isReady(this.state);
  }

  get isInCall() {
    return isInCall(this.state);
  }

  /** Forget what holds for one call only. */
  resetCallFlags() {
    this.isMuted = this.isReconnecting = false;
    this.warnings = new Set();
    this.lostDevice = this.notice = this.postDial = null;
  }
}
