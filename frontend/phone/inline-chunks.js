/**
 * The loaders of the voice SDK and the chunks in phone.full.js, the build in a single file: each is inside the file and
 * runs when it is first loaded. Names are those of chunks.mjs.
 */
export const loadSdk = () => import("../sdk/index.js");

export const CHUNK_LOADERS = {
  "audio-devices": () => import("./lazy/audio-devices.js"),
  "call-stack": () => import("./lazy/call-stack.js"),
  "click-to-call": () => import("./lazy/click-to-call.js"),
  debug: () => import("./lazy/debug.js"),
  diagnostics: () => import("./lazy/diagnostics.js"),
  "diagnostics-view": () => import("./lazy/diagnostics-view.js"),
  dialer: () => import("./lazy/dialer.js"),
  "locale-ar": () => import("./i18n/locales/ar.js"),
  "locale-de": () => import("./i18n/locales/de.js"),
  "locale-es": () => import("./i18n/locales/es.js"),
  "locale-fr": () => import("./i18n/locales/fr.js"),
  "locale-it": () => import("./i18n/locales/it.js"),
  "locale-ja": () => import("./i18n/locales/ja.js"),
  "locale-nl": () => import("./i18n/locales/nl.js"),
  "locale-pt": () => import("./i18n/locales/pt.js"),
  "missed-calls": () => import("./lazy/missed-calls.js"),
  "panel-mover": () => import("./lazy/panel-mover.js"),
  "phone-numbers": () => import("./lazy/phone-numbers.js"),
  "own-texts": () => import("./lazy/own-texts.js"),
  outcomes: () => import("./lazy/outcomes.js"),
  panel: () => import("./lazy/panel.js"),
  "pop-out": () => import("./lazy/pop-out.js"),
  "ringback-tone": () => import("./lazy/ringback-tone.js"),
  "settings-sheet": () => import("./lazy/settings-sheet.js"),
  "voicemail-drop": () => import("./lazy/voicemail-drop.js"),
};
