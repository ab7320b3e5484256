/**
 * Connects two frames of HubSpot for accounts that call in a separate window: the phone is in HubSpot's calling window;
 * the remote frame, in the navigation bar, shows the call and sends commands.
 */
const CHANNEL_NAME = "epoch-hubspot";

/**
 * @typedef {"hello" | "hangup" | "mute" | "unmute"} Command
 * @typedef {{state: EpochPhoneState, number: string, muted: boolean}} CallStatus
 */

/**
 * Run in the calling window: broadcast the status of `phone` and run commands. Returns a function that stops this.
 * @param {string} tokenId
 * @param {EpochPhoneApi} phone
 */
export function shareCalls(tokenId, phone) {
  const channel = new BroadcastChannel(`${CHANNEL_NAME}:${tokenId}`);
  const broadcast = () => {
    const call = phone.getCall();
    /** @type {CallStatus} */
    const status = { state: phone.getState(), number: call?.number ?? "", muted: phone.isMuted() };
    channel.postMessage(status);
  };
  /** @type {Map<unknown, () => void>} */
  const handlers = new Map([
    ["hello", broadcast],
    ["hangup", () => phone.hangup()],
    ["mute", () => phone.mute(true)],
    ["unmute", () => phone.mute(false)],
  ]);
  channel.onmessage = ({ data }) => handlers.get(data?.command)?.();
  phone.on("stateChanged", broadcast);
  phone.on("muted", broadcast);
  broadcast();
  return () => channel.close();
}

/**
 * Run in the remote frame: call `show` on each change. Returns a function that sends a command.
 * @param {string} tokenId
 * @param {(status: CallStatus) => void} show
 */
export function watchCalls(tokenId, show) {
  const channel = new BroadcastChannel(`${CHANNEL_NAME}:${tokenId}`);
  channel.onmessage = ({ data }) => {
    if (typeof data?.state === "string") show(data);
  };
  /** @param {Command} command */
  const send = (command) => channel.postMessage({ command });
  send("hello");
  return send;
}
