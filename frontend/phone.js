/**
 * The entry point of phone.js, the browser phone that a script tag adds to a customer's page: finds the tag, creates
 * `window.EpochPhone` and starts the phone after the page's first paint. A second load of the script passes its
 * settings to the phone of the first load.
 */
import { EmbeddedPhone, REINIT } from "./phone/api.js";
import { createEnvironment } from "./phone/browser/environment.js";
import { findTag, settingsOfTag } from "./phone/config.js";

// `document.currentScript` is set only while the script runs.
const tag = findTag(document, document.currentScript);
const config = { ...window.EpochPhoneConfig, ...settingsOfTag(tag) };
const reinit = /** @type {{[REINIT]?: (config: EpochPhoneConfig) => void} | undefined} */ (window.EpochPhone)?.[REINIT];

if (reinit) {
  reinit(config);
} else {
  const embedded = new EmbeddedPhone(tag, createEnvironment(window, nonceOf(tag)));
  window.EpochPhone = embedded.api;
  window.EpochVoice = embedded.api;
  embedded.startAfterPaint(config);
}

/**
 * The nonce of a script tag; none where a sandbox, such as Lightning Web Security, forbids reading it.
 * @param {HTMLScriptElement | null} script
 */
function nonceOf(script) {
  try {
    return script?.nonce;
  } catch {
    return undefined;
  }
}
