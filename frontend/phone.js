/** phone.js: finds its script tag, makes `window.EpochPhone`, begins. A second load leaves the first phone alone. */
import { AGAIN, createApi } from "./phone/api.js";
import { findTag, fromTag } from "./phone/config.js";
import { browser } from "./phone/env.js";

// Known only while the script itself runs.
const tag = findTag(document, document.currentScript);
const config = { ...window.EpochPhoneConfig, ...fromTag(tag) };
const first = window.EpochPhone?.[AGAIN];

if (first) {
  first(config);
} else {
  const { api, begin } = createApi(tag, browser(window));
  window.EpochPhone = api;
  window.EpochVoice = api;
  begin(config);
}
