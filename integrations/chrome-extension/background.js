// Service worker: opens the phone in a separate window and passes it the number to call. People start it by the toolbar
// button, the context menu, the address bar, or a call button of content.js.
const WINDOW_SIZE = { width: 400, height: 680 };
const MENU_ITEM_ID = "call";
let lastRequest = Promise.resolve();

/**
 * Show the phone and call `number`, if there is one. Requests run one after the other.
 * @param {string} [number]
 */
function showPhone(number) {
  lastRequest = lastRequest.then(() => openPhone(number)).catch((error) => console.error(error));
}

/** @param {string} [number] */
async function openPhone(number) {
  if (number) await chrome.storage.session.set({ dial: { number: String(number), id: crypto.randomUUID() } });
  /** @type {{windowId?: number}} */
  const { windowId } = await chrome.storage.session.get("windowId");
  if (windowId !== undefined) {
    try {
      await chrome.windows.update(windowId, { focused: true });
      return;
    } catch {
      // The window was closed: open another one.
    }
  }
  const opened = await chrome.windows.create({ url: "phone.html", type: "popup", ...WINDOW_SIZE });
  await chrome.storage.session.set({ windowId: opened?.id });
}

chrome.runtime.onInstalled.addListener(({ reason }) => {
  chrome.contextMenus.removeAll(() => {
    chrome.contextMenus.create({ id: MENU_ITEM_ID, title: "Call “%s”", contexts: ["selection"] });
  });
  if (reason === "install") chrome.tabs.create({ url: "permission.html" });
});
chrome.contextMenus.onClicked.addListener((info) => showPhone(info.selectionText));
chrome.omnibox.setDefaultSuggestion({ description: "Call “%s” with Epoch Voice" });
chrome.omnibox.onInputEntered.addListener((text) => showPhone(text));
chrome.action.onClicked.addListener(() => showPhone());
chrome.runtime.onMessage.addListener((message, sender) => {
  if (sender.id === chrome.runtime.id && typeof message?.call === "string") showPhone(message.call);
});
