/** The base class of Phone: the part of a phone's state that the panel, the call bar and the floating button show. */
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
   * The argument of the last `dial`: a text, or any other value that the page gave.
   * @type {unknown}
   */
  dialInput;
  /**
   * A problem that is shown during the present call and does not end it.
   * @type {Problem | null}
   */
  notice = null;
  /**
   * The number to call from that a person picked in the panel, E.164; undefined without one: the server chooses.
   * @type {string | undefined}
   */
  pickedFrom;
  /**
   * The number to call from that was requested for the last call or picked after it, E.164; undefined without one.
   * @type {string | undefined}
   */
  requestedFrom;
  isMuted = false;
  isReconnecting = false;
  /**
   * The SDK's present warnings about this call.
   * @type {Set<string>}
   */
  warnings = new Set();
  /**
   * The tones that are being sent after the answer, or wait for a person.
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

  /** Reset the fields that are about one call only. */
  resetCallFields() {
    this.isMuted = this.isReconnecting = false;
    this.warnings = new Set();
    this.lostDevice = this.notice = this.postDial = null;
  }
}
