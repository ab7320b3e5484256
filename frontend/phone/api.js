/** `window.EpochPhone`: what a page can do with the phone. */
import { keepNatives } from "./browser/pristine-globals.js";
import { apiBase, isOff, isOn, originOf } from "./config.js";
import { Phone } from "./core.js";
import { display } from "./call/numbers.js";
import { Panel } from "./ui/panel.js";

const DIGIT = /^[0-9*#]$/;
const ignored = () => {};
/** Where a second load of the script finds the first one, out of the page's sight. */
export const AGAIN = Symbol.for("epochphone.again");

/** The public object. `tag` is the script's own, or null; `env` what the phone needs of the page. */
export function createApi(tag, env) {
  const phone = new Phone(env);
  let settings = {};
  let panel = null;
  let isBegun = false;
  // Whether the page is to paint first.
  let isDue = false;
  let stopClicks = null;
  let stopWindows = null;
  let stopDebug = null;
  phone.watch(() => panel?.render());

  const begin = (config) => {
    isDue = false;
    settings = { ...settings, ...config };
    if (settings.token === undefined) {
      console.warn("[EpochPhone] no token yet: add data-token to the script tag, or call EpochPhone.init({ token })");
      return;
    }
    forget();
    isBegun = true;
    const base = apiBase(settings, tag);
    phone.start({
      token: String(settings.token).trim(),
      ticket: settings.ticket,
      base,
    });
    // A listener may have destroyed the phone again; the exchange is on its way while the panel is built.
    if (!isBegun) return;
    draw();
    stopClicks = base && isOn(settings.clickToCall) ? hearClicks() : null;
    if (isOn(settings.debug)) stopDebug = explain();
    else if (settings.debug === undefined) env.afterPaint(explainIfRemembered);
    stopWindows = base && !isOff(settings.popOut) ? hearWindows(originOf(base)) : null;
  };
  /** Begin when the page has painted, or as soon as it asks for the phone: its own first paint waits for nothing of ours. */
  const beginPainted = (config) => {
    settings = config;
    isDue = true;
    env.afterFirstPaint(beginDue);
  };
  const beginDue = () => {
    if (isDue) begin({});
  };
  const draw = () => {
    panel ??= new Panel(phone, settings, env, { open: () => opened("open"), close: () => opened("close") });
    return panel;
  };
  const open = () => {
    beginDue();
    if (isBegun) draw().open();
  };
  const forget = () => {
    isBegun = isDue = false;
    panel?.remove();
    stopClicks?.();
    stopWindows?.();
    stopDebug?.();
    panel = stopClicks = stopWindows = stopDebug = null;
  };
  const opened = (event) => {
    if (event === "open") phone.prepare();
    phone.events.emit([event]);
  };

  const api = {
    call(number, options) {
      const begun = phone.dial(number, options?.metadata ?? null);
      if (begun) panel.open({ focus: false });
      return begun;
    },
    hangup: () => phone.hangup(),
    isReady: () => phone.isReady,
    getState: () => phone.state,
    reset: () => phone.reset(),
    sendDtmf(digit) {
      if (DIGIT.test(String(digit))) phone.sendDigit(String(digit));
    },
    toggle() {
      if (panel?.isOpen) panel.close();
      else open();
    },
    on: (event, callback) => phone.events.on(event, callback),
    off: (event, callback) => phone.events.off(event, callback),
    init(config) {
      begin(config ?? {});
    },
    destroy() {
      forget();
      phone.stop();
    },
    open,
    close: () => panel?.close(),
    mute: (on = true) => phone.mute(Boolean(on)),
    isMuted: () => phone.muted,
    test({ progress } = {}) {
      beginDue();
      return phone.check(progress);
    },
    getCall() {
      if (!phone.isInCall) return null;
      const { ended: _, answeredAt, ...call } = phone.call;
      return { ...call, answeredAt: answeredAt ? new Date(answeredAt).toISOString() : null, muted: phone.muted };
    },
  };
  const clicks = {
    canDial: () => phone.canDial,
    isInCall: () => phone.isInCall,
    call: api.call,
    open: api.open,
    display: (text) => display(text, phone.account),
  };
  /** Let the page's numbers call, as soon as the part that does it is there; returns the way to stop. */
  const hearClicks = () => {
    let part = null;
    let isOver = false;
    const forget = phone.events.on("ready", () => part?.shown());
    env.loadChunk("click-to-call").then(
      ({ clickToCall }) => {
        if (!isOver) part = clickToCall(env, clicks);
      },
      (problem) => console.warn("[EpochPhone] click-to-call is off:", problem.fix),
    );
    return () => {
      isOver = true;
      forget();
      part?.stop();
    };
  };

  /** Let calls be in a window of their own, one that an earlier page has opened included; returns the way to stop. */
  const hearWindows = (origin) => {
    const heard = ({ data, origin: from, source }) => {
      if (from !== origin || data?.epochphone !== "window") return;
      phone.popOut(settings).then((popOut) => popOut.met(source, data.link), ignored);
    };
    env.window.addEventListener("message", heard);
    // It must be there when somebody clicks: browsers let windows be opened within the click alone.
    if (isOn(settings.popOut)) phone.popOut(settings).catch(ignored);
    return () => env.window.removeEventListener("message", heard);
  };

  /** For who has switched debug mode on in this browser; asked late, as opening the storage holds a page up. */
  const explainIfRemembered = () => {
    if (isBegun && !stopDebug && isOn(env.preferences.debug)) stopDebug = explain();
  };

  /** Say in the console what goes on; returns the way to stop. */
  const explain = () => {
    const part = env.loadChunk("debug").then(({ explain: begin }) => isOver || begin(phone, env, settings), ignored);
    let isOver = false;
    return () => {
      isOver = true;
      part.then((stop) => stop?.call?.());
    };
  };

  keepNatives(api);
  // A page that loads the script twice keeps the first phone.
  Object.defineProperty(api, AGAIN, {
    value(config) {
      beginDue();
      if (config.token === undefined || (panel && config.token === settings.token)) return;
      // Destroyed or never begun: the page wants it now.
      if (!panel) begin(config);
      else console.warn("[EpochPhone] already running with another token; this second script is ignored");
    },
  });
  return { api, begin, beginPainted, phone };
}
