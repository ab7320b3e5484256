/** The calling page in HubSpot's frame: shakes hands, then brings the phone in and links the two. */
import CallingExtensions from "@hubspot/calling-extensions-sdk";
import { Link } from "./calling-bridge.js";
import { shareCalls, watchCalls } from "./remote-frame.js";
import { guard } from "./message-guard.js";
import { createView } from "./view.js";

const NO_TOKEN = "This address holds no embed token. Copy the whole address from Settings, with the part behind #";
const NO_FRAME = "This page works inside HubSpot. Register its address as a calling app, then call from a record";
const NOT_LOADED = "The phone did not load. Check the connection, then reload the page";

const page = document.body.dataset;
const words = (list) => list.split(" ").filter(Boolean);
const trust = { appHosts: words(page.appHosts), hosts: words(page.hosts) };
const token = decodeURIComponent(location.hash.slice(1)).trim();
const view = createView(document);

if (window.parent === window) view.notice(NO_FRAME);
else connect();

function connect() {
  guard(window, trust);
  let link = null;
  const hubspot = new CallingExtensions({
    debugMode: false,
    eventHandlers: {
      onReady: (context) => greet(context ?? {}),
      onDialNumber: (data) => link?.dial(data),
      onEndCall: () => link?.hangup(),
      onCreateEngagementSucceeded: (data) => link?.engaged(data),
      onCreateEngagementFailed: (data) => link?.notEngaged(data),
      defaultEventHandler: () => {},
    },
  });
  // It writes every message to the console, numbers included.
  hubspot.iFrameManager.logDebugMessage = () => {};

  async function greet({ engagementId, iframeLocation, usesCallingWindow }) {
    if (usesCallingWindow === true && iframeLocation === "remote") {
      view.remote(watchCalls(page.tokenId, view.remoteCall));
      return;
    }
    hubspot.initialized({ isLoggedIn: false, ...(engagementId ? { engagementId } : {}) });
    hubspot.resizeWidget({ width: Number(page.width), height: Number(page.height) });
    const fault = page.problem || (token ? "" : NO_TOKEN);
    const phone = fault ? null : await loadPhone();
    if (!phone) {
      view.state("error");
      view.notice(fault || NOT_LOADED);
      hubspot.sendError({ message: fault || NOT_LOADED });
      return;
    }
    phone.on("stateChanged", ({ state }) => view.state(state));
    view.state(phone.getState());
    link = new Link(hubspot, phone, view.notice);
    link.start();
    if (iframeLocation === "window") shareCalls(page.tokenId, phone);
    phone.open();
  }
}

/** The phone, started with the token behind the address's #; null when its script does not load. */
function loadPhone() {
  return new Promise((resolve) => {
    const tag = document.createElement("script");
    tag.src = `${page.api}/widget/phone.js`;
    tag.dataset.token = token;
    tag.dataset.popOut = "off";
    if (page.ticket) tag.dataset.ticket = page.ticket;
    tag.addEventListener("load", () => resolve(window.EpochPhone ?? null));
    tag.addEventListener("error", () => resolve(null));
    document.body.append(tag);
  });
}
