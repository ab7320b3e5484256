/** The pop-out's page: a phone that gets its token from the page that opened it, and stays when that page is left. */
import { EmbeddedPhone } from "../../phone/api.js";
import { createEnvironment } from "../../phone/browser/environment.js";
import { originOf } from "../../phone/config.js";
import { core, popOut as english } from "../../phone/i18n/locales/en.js";
import { loadTexts } from "../../phone/i18n/texts.js";
import { elementById } from "../shared/dom.js";
import { OpenerConnection } from "./opener-connection.js";

const CONNECT_TIMEOUT_MS = 10_000;

const fragment = new URLSearchParams(location.hash.slice(1));
const origin = fragment.get("origin");
const env = createEnvironment(window);
env.base = location.origin;
// A call's record has the origin of the opener, not of this window.
env.pageOrigin = origin ?? undefined;
const notice = elementById("notice");
const sandboxNote = document.getElementById("sandbox");
const textsLoaded = loadPageTexts(fragment.get("locale"));

// The SDK's chunk takes its globals from `window.EpochPhone`, as on any page.
const embedded = new EmbeddedPhone(null, env);
const { api, phone } = embedded;
window.EpochPhone = api;
// The panel fills this window, so people cannot close the panel.
api.on("close", () => api.open());

textsLoaded.then(({ connecting, sandbox }) => {
  if (!notice.textContent) notice.textContent = connecting;
  if (sandboxNote) sandboxNote.textContent = sandbox;
});
if (window.opener && origin && origin === originOf(origin)) connect(window.opener, origin);
else showConnectionLost();

/**
 * @param {Window} opener
 * @param {string} origin
 */
function connect(opener, origin) {
  const connection = new OpenerConnection(phone, {
    opener,
    origin,
    start: (config) => {
      embedded.start({ ...config, apiBase: location.origin, popOut: "off", hidden: false });
      notice.hidden = true;
      api.open();
    },
    now: env.now,
    onClose: () => window.close(),
  });
  window.addEventListener("message", (message) => connection.onMessage(message));
  phone.onChange(async () => {
    const { organization } = phone.exchangeResponse ?? {};
    const { inCall } = await textsLoaded;
    if (organization) document.title = phone.isInCall ? `${inCall} · ${organization}` : organization;
  });
  connection.announce();
  setTimeout(() => connection.hasToken || showConnectionLost(), CONNECT_TIMEOUT_MS);
}

/** Show that the connection to the page is lost, and what to do. */
async function showConnectionLost() {
  const { lost, lostFix } = await textsLoaded;
  const fix = document.createElement("small");
  fix.textContent = lostFix;
  notice.replaceChildren(lost, fix);
}

/**
 * The texts of this page in the language of the opener.
 * @param {string | null} locale
 */
async function loadPageTexts(locale) {
  const texts = await loadTexts(locale, env);
  const { language = "en", direction = "ltr" } = texts?.core ?? {};
  Object.assign(document.documentElement, { lang: language, dir: direction });
  return { ...(texts?.popOut ?? english), inCall: (texts?.core ?? core).inCall };
}
