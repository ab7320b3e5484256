/** What the panel shows in each state: a table from the phone to words and actions. */
import { Problem } from "../errors.js";

const MOODS = { ready: "ready", completed: "ready", failed: "ready", loading: "off", error: "problem" };

/** `ready`, `busy`, `problem` or `off`: what the button's dot says. */
export const mood = (state) => MOODS[state] ?? "busy";

const OFFLINE = new Problem("offline");

/** The view of `phone` in words of `texts`. */
export function viewOf(phone, texts) {
  const { state } = phone;
  return { state, spoken: texts.states[state], ...VIEWS[state](phone, texts) };
}

const act = (name) => (panel) => panel.actions[name]();

const VIEWS = {
  loading: (phone, texts) => ({
    entry: true,
    result: offline(phone),
    main: { text: texts.connecting, disabled: true, busy: true },
  }),
  ready: (phone, texts) => ({
    entry: true,
    spoken: "",
    complaint: phone.complaint,
    result: offline(phone),
    main: { text: texts.call, icon: "phone", act: act("call") },
  }),
  dialing: (phone, texts) => calling(phone, texts, texts.calling),
  ringing: (phone, texts) => calling(phone, texts, texts.ringing),
  "in-progress": (phone, texts) => ({
    ...calling(phone, texts, ""),
    live: true,
    lineState: phone.isOffline
      ? OFFLINE.message
      : phone.reconnecting
        ? texts.reconnecting
        : phone.poor
          ? texts.poor
          : phone.muted
            ? texts.muted
            : "",
  }),
  completed: (phone, texts) => ended(phone, texts, texts.callAgain),
  failed: (phone, texts) => ended(phone, texts, texts.tryAgain),
  error: (phone, texts) => ({
    spoken: "",
    result: { message: phone.problem.message, fix: phone.problem.fix },
    main: { text: texts.retry, act: act("reset") },
    second: { text: texts.copyDetails, act: act("copyDetails") },
  }),
};

const offline = ({ isOffline }) => (isOffline ? { message: OFFLINE.message, fix: OFFLINE.fix, calm: true } : undefined);

function calling(phone, texts, status) {
  return { peer: phone.call.number, status, main: { text: texts.hangUp, icon: "hangUp", act: act("hangUp") } };
}

function ended(phone, texts, again) {
  const { number, ended: end } = phone.call;
  const { problem, status, message } = end;
  const isOurs = status === "completed" || status === "canceled";
  const result = isOurs
    ? {}
    : {
        message: problem?.message ?? message ?? texts.ended[status],
        fix: problem?.fix ?? texts.hints[status],
        calm: !problem,
      };
  const seconds = end.duration;
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  return {
    peer: number,
    status: isOurs ? texts.ended[status] + (status === "completed" ? ` · ${time}` : "") : "",
    spoken: isOurs ? texts.ended[status] : "",
    complaint: phone.complaint,
    result,
    main: { text: again, icon: "phone", act: act("callAgain") },
    second: { text: texts.newCall, act: act("reset") },
  };
}
