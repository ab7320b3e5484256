/** The calling page, which HubSpot shows in a frame: connects to HubSpot, loads the phone, and connects both. */
import CallingExtensions from "@hubspot/calling-extensions-sdk";
import { CallingBridge } from "./calling-bridge.js";
import { guardMessages } from "./message-guard.js";
import { shareCalls, watchCalls } from "./remote-frame.js";
import { createView } from "./view.js";

/** @import { EventHandlers } from "@hubspot/calling-extensions-sdk" */

/** @typedef {{engagementId?: number, iframeLocation?: string, usesCallingWindow?: boolean}} HubSpotContext */

const NO_TOKEN = "This URL has no embed token. Copy the whole URL from Settings, with the part after #";
const NOT_LOADED = "The phone did not load. Check the connection, then reload the page";

const { api = "", appHosts = "", hosts = "", height, problem, ticket, tokenId = "", width } = document.body.dataset;
const { loggedAccount: serverLoggedPortalId = "" } = document.body.dataset;
/** @param {string} list */
const splitWords = (list) => list.split(" ").filter(Boolean);
const token = decodeURIComponent(location.hash.slice(1)).trim();
const view = createView(document);

if (window.parent === window) view.showSetup();
else connect();

function connect() {
  guardMessages(window, { appHosts: splitWords(appHosts), hosts: splitWords(hosts) });
  /** @type {CallingBridge | null} */
  let bridge = null;
  /** @type {Partial<EventHandlers>} */
  const eventHandlers = {
    onReady: (/** @type {HubSpotContext} */ context) => start(context ?? {}),
    onDialNumber: (/** @type {unknown} */ data) => bridge?.dial(data),
    onEndCall: () => bridge?.hangup(),
    onCreateEngagementSucceeded: (/** @type {unknown} */ data) => bridge?.onEngagementCreated(data),
    onCreateEngagementFailed: (/** @type {unknown} */ data) => bridge?.onEngagementFailed(data),
    defaultEventHandler: () => {},
  };
  const hubspot = new CallingExtensions({
    debugMode: false,
    // The SDK's types require every handler; the SDK itself does not.
    eventHandlers: /** @type {EventHandlers} */ (eventHandlers),
  });
  // The SDK logs every message, numbers included, and has no option that stops it.
  hubspot.iFrameManager.logDebugMessage = () => {};

  /** @param {HubSpotContext} context */
  async function start({ engagementId, iframeLocation, usesCallingWindow }) {
    if (usesCallingWindow === true && iframeLocation === "remote") {
      view.showRemote(watchCalls(tokenId, view.showRemoteCall));
      return;
    }
    hubspot.initialized({ isLoggedIn: false, ...(engagementId ? { engagementId } : {}) });
    hubspot.resizeWidget({ width: Number(width), height: Number(height) });
    const obstacle = problem || (token ? "" : NO_TOKEN);
    const phone = obstacle ? null : await loadPhone();
    if (!phone) {
      view.showState("error");
      view.showNotice(obstacle || NOT_LOADED);
      hubspot.sendError({ message: obstacle || NOT_LOADED });
      return;
    }
    phone.on("stateChanged", ({ state }) => view.showState(state));
    view.showState(phone.getState());
    bridge = new CallingBridge(hubspot, phone, view.showNotice, serverLoggedPortalId);
    bridge.start();
    if (iframeLocation === "window") shareCalls(tokenId, phone);
    phone.open();
  }
}

/**
 * Load the phone, with the token in the URL's fragment; null if its script does not load.
 * @returns {Promise<EpochPhoneApi | null>}
 */
function loadPhone() {
  return new Promise((resolve) => {
    const tag = document.createElement("script");
    tag.src = `${api}/widget/phone.js`;
    tag.dataset.token = token;
    tag.dataset.popOut = "off";
    if (ticket) tag.dataset.ticket = ticket;
    tag.addEventListener("load", () => resolve(window.EpochPhone ?? null));
    tag.addEventListener("error", () => resolve(null));
    document.body.append(tag);
  });
}
