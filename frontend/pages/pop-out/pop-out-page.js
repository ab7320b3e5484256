/** The phone in a window of its own: takes its token from the page that opened it, and outlives that page. */
import { core, popOut as english } from "../../phone/i18n/locales/en.js";
import { createApi } from "../../phone/api.js";
import { originOf } from "../../phone/config.js";
import { browser } from "../../phone/browser/environment.js";
import { textsOf } from "../../phone/i18n/texts.js";
import { Link } from "./opener-connection.js";

const PATIENCE_MS = 10_000;

const given = new URLSearchParams(location.hash.slice(1));
const origin = given.get("origin");
const env = browser(window);
env.base = location.origin;
// The record of a call names the page that it was placed for.
env.page = origin;
const notice = document.getElementById("notice");
const sandbox = document.getElementById("sandbox");
const words = wordsOf(given.get("locale"));

// The scripts of the voice SDK look for the phone where pages have it.
const { api, begin, phone } = createApi(null, env);
window.EpochPhone = api;
// This window is the panel: it is not to be closed within.
api.on("close", () => api.open());

words.then(({ connecting, sandbox: told }) => {
  if (!notice.textContent) notice.textContent = connecting;
  if (sandbox) sandbox.textContent = told;
});
if (window.opener && origin === originOf(origin)) join();
else lose();

function join() {
  const link = new Link(phone, {
    page: { opener: window.opener, origin },
    begin: (config) => {
      begin({ ...config, apiBase: location.origin, popOut: "off", hidden: false });
      notice.hidden = true;
      api.open();
    },
    now: env.now,
    closed: () => window.close(),
  });
  window.addEventListener("message", (message) => link.met(message));
  phone.watch(async () => {
    const { organization } = phone.account ?? {};
    const { inCall } = await words;
    if (organization) document.title = phone.isInCall ? `${inCall} · ${organization}` : organization;
  });
  link.search();
  setTimeout(() => link.isJoined || lose(), PATIENCE_MS);
}

/** Say that there is no page to work for. */
async function lose() {
  const { lost, lostFix } = await words;
  const fix = document.createElement("small");
  fix.textContent = lostFix;
  notice.replaceChildren(lost, fix);
}

/** What this window says, in the language of the page. */
async function wordsOf(locale) {
  const texts = await textsOf(locale, env);
  const { language = "en", direction = "ltr" } = texts?.core ?? {};
  Object.assign(document.documentElement, { lang: language, dir: direction });
  return { ...(texts?.popOut ?? english), inCall: (texts?.core ?? core).inCall };
}
