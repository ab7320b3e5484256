// Opens the phone in a window of its own, which stays while people move about in the CRM.
const SIZE = { width: 400, height: 680 };
const MENU = "call";
let opening = Promise.resolve();

/** Show the phone, and hand it `number` when one is to be dialled; one request after the other. */
function show(number) {
  opening = opening.then(() => open(number)).catch((error) => console.error(error));
}

async function open(number) {
  if (number) await chrome.storage.session.set({ dial: { number: String(number), id: crypto.randomUUID() } });
  const { windowId } = await chrome.storage.session.get("windowId");
  if (windowId !== undefined) {
    try {
      await chrome.windows.update(windowId, { focused: true });
      return;
    } catch {
      // It was closed: open another one.
    }
  }
  const opened = await chrome.windows.create({ url: "phone.html", type: "popup", ...SIZE });
  await chrome.storage.session.set({ windowId: opened.id });
}

chrome.runtime.onInstalled.addListener(({ reason }) => {
  chrome.contextMenus.removeAll(() => {
    chrome.contextMenus.create({ id: MENU, title: "Call “%s”", contexts: ["selection"] });
  });
  if (reason === "install") chrome.tabs.create({ url: "permission.html" });
});
chrome.contextMenus.onClicked.addListener((info) => show(info.selectionText));
chrome.omnibox.setDefaultSuggestion({ description: "Call “%s” with Epoch Voice" });
chrome.omnibox.onInputEntered.addListener((text) => show(text));
chrome.action.onClicked.addListener(() => show());
chrome.runtime.onMessage.addListener((message, sender) => {
  if (sender.id === chrome.runtime.id && typeof message?.call === "string") show(message.call);
});
