/** What the panel shows in each state: a table from the phone to words and actions. */
import { Problem } from "../errors.js";
import { clock } from "./components.js";

const MOODS = { ready: "ready", completed: "ready", failed: "ready", loading: "off", error: "problem" };

/** `ready`, `busy`, `problem` or `off`: what the button's dot says. */
export const mood = (state) => MOODS[state] ?? "busy";

// Made when it is told: where a debugger listens, an error made while phone.js runs has the whole file parsed again.
const whenOffline = (say) => say(new Problem("offline"));

/** The view of `phone` in `{core, problems}` of a language; `trouble` says what is wrong with the line of its call. */
export function viewOf(phone, { core, problems = {} }, trouble) {
  const { state } = phone;
  const say = (problem) => problem && inWords(problem, problems);
  const name = phone.elsewhere && phone.isReady ? "elsewhere" : state;
  return { state, spoken: core.states[state], ...VIEWS[name](phone, core, say, trouble) };
}

const VIEWS = {
  loading: (phone, texts, say) => ({
    entry: true,
    result: offline(phone, say),
    main: { text: texts.connecting, disabled: true, busy: true },
  }),
  ready: (phone, texts, say) => ({
    entry: true,
    spoken: "",
    complaint: say(phone.complaint),
    result: offline(phone, say),
    main: { text: texts.call, icon: "phone", act: "call" },
  }),
  dialing: (phone, texts, say) => ({ ...calling(phone, texts, texts.calling), ...aside(phone, say) }),
  ringing: (phone, texts, say) => ({ ...calling(phone, texts, texts.ringing), ...aside(phone, say) }),
  "in-progress": (phone, texts, say, trouble) => {
    const line = phone.isOffline ? whenOffline(say).message : phone.reconnecting ? texts.reconnecting : trouble;
    return {
      ...calling(phone, texts, ""),
      ...aside(phone, say),
      live: true,
      line: line || (phone.muted ? texts.muted : phone.isApart ? texts.apart : ""),
      isApart: phone.isApart,
      spoken: line || texts.states[phone.state],
    };
  },
  elsewhere: ({ elsewhere }, texts) => ({
    ...calling({ call: elsewhere }, texts, ""),
    line: texts.elsewhere,
    spoken: texts.elsewhere,
  }),
  completed: (phone, texts, say) => ended(phone, texts, say, texts.callAgain),
  failed: (phone, texts, say) => ended(phone, texts, say, texts.tryAgain),
  error: (phone, texts, say) => ({
    spoken: "",
    result: say(phone.problem),
    main: { text: texts.retry, act: "reset" },
    second: { text: texts.copyDetails, act: "copyDetails" },
  }),
};

const offline = ({ isOffline }, say) => (isOffline ? { ...whenOffline(say), calm: true } : null);

const aside = ({ aside: problem }, say) => ({ result: problem && { ...say(problem), calm: true } });

function calling(phone, texts, status) {
  return {
    peer: phone.call.number,
    status,
    main: { text: texts.hangUp, icon: "phone", act: "hangUp", stop: true },
  };
}

function ended(phone, texts, say, again) {
  const { number, ended: end } = phone.call;
  const { problem, status, message, duration, theirs } = end;
  const isOurs = status === "completed" || status === "canceled";
  const words = texts.ended[status];
  return {
    peer: number,
    status: isOurs ? words + (status === "completed" ? ` · ${clock(duration)}` : "") : "",
    line: theirs ? texts.theirs : "",
    spoken: isOurs ? words : "",
    complaint: say(phone.complaint),
    result: isOurs ? null : (say(problem) ?? { message: message ?? words, fix: texts.hints[status], calm: true }),
    main: { text: again, icon: "phone", act: "callAgain" },
    second: { text: texts.newCall, act: "reset" },
  };
}

/** A language's own words for a problem; the guide's English sentence where it has none. */
function inWords({ code, kind, message, fix, advice }, problems) {
  const [sentence] = problems[code] ?? [];
  const [, remedy] = problems[kind] ?? [];
  return { message: sentence ?? message, fix: advice ?? remedy ?? fix };
}
