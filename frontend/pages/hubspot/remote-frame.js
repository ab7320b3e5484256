/**
 * Between HubSpot's two frames where calls have a window of their own: the phone lives in that window, and the frame in
 * HubSpot's navigation bar shows what it does and passes two commands on.
 */
const NAME = "epoch-hubspot";
const COMMANDS = ["hello", "hangup", "mute", "unmute"];

/** The window's end. Returns the way to stop. */
export function shareCalls(tokenId, phone) {
  const channel = new BroadcastChannel(`${NAME}:${tokenId}`);
  const tell = () => {
    const call = phone.getCall();
    channel.postMessage({ state: phone.getState(), number: call?.number ?? "", muted: phone.isMuted() });
  };
  const obey = {
    hello: tell,
    hangup: () => phone.hangup(),
    mute: () => phone.mute(true),
    unmute: () => phone.mute(false),
  };
  channel.onmessage = ({ data }) => {
    if (COMMANDS.includes(data?.command)) obey[data.command]();
  };
  phone.on("stateChanged", tell);
  phone.on("muted", tell);
  tell();
  return () => channel.close();
}

/** The navigation bar's end: `show({state, number, muted})` on each change; returns `send(command)`. */
export function watchCalls(tokenId, show) {
  const channel = new BroadcastChannel(`${NAME}:${tokenId}`);
  channel.onmessage = ({ data }) => {
    if (typeof data?.state === "string") show(data);
  };
  const send = (command) => channel.postMessage({ command });
  send("hello");
  return send;
}
