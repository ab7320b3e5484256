/**
 * phone.js: finds its script tag, makes `window.EpochPhone`, which begins when the page has painted. A second load leaves
 * the first phone alone.
 */
import { AGAIN, createApi } from "./phone/api.js";
import { findTag, fromTag } from "./phone/config.js";
import { browser } from "./phone/browser/environment.js";

// Known only while the script itself runs.
const tag = findTag(document, document.currentScript);
const config = { ...window.EpochPhoneConfig, ...fromTag(tag) };
const first = window.EpochPhone?.[AGAIN];

if (first) {
  first(config);
} else {
  const { api, beginPainted } = createApi(tag, browser(window));
  window.EpochPhone = api;
  window.EpochVoice = api;
  beginPainted(config);
}
