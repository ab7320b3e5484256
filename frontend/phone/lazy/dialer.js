/**
 * The chunk that adds to the panel: number formatting, the country of the typed number, recent calls, keypad tones, the
 * call bar, and protection from double presses. Loaded when a person is about to use the phone, or when a call begins.
 */
import { nextTask } from "../browser/next-task.js";
import { formatE164 } from "../numbers/parse.js";
import { dialer as english } from "../i18n/locales/en.js";
import { h } from "../ui/dom.js";
import { CallBar } from "../ui/dialer/call-bar.js";
import { qualityWarningOf } from "../ui/dialer/call-quality.js";
import { dialText, formatAsYouType } from "../ui/dialer/format-as-you-type.js";
import { KeypadTones } from "../ui/dialer/keypad-tones.js";
import { countryOf } from "../ui/dialer/number-format.js";
import { NumberReadingView } from "../ui/dialer/number-reading-view.js";
import { post } from "../session/api-client.js";
import { RecentCallStore } from "../ui/dialer/recent-call-store.js";
import { createTimeFormat, recentCallsList, rewriteNumbers } from "../ui/dialer/recent-calls.js";
import { RegionNames } from "../ui/dialer/region-names.js";
import { DIALER_STYLES } from "../ui/dialer/styles.js";
import { guardCallButtons } from "../ui/presses.js";

/** @import { PanelMover } from "./panel-mover.js" */
/** @import { FormatNumber } from "../ui/dialer/number-format.js" */
/** @import { RecentCall } from "../ui/dialer/recent-call-store.js" */
/** @import { NumberCandidate } from "../types.d.ts" */
/** @import { Panel } from "../ui/panel.js" */
/** @import { PanelElements } from "../ui/panel-elements.js" */
/** @import { View } from "../ui/views.js" */

/**
 * @typedef {object} DialerEnhancements
 * @property {CallBar} bar
 * @property {(view: View) => void} update
 * @property {(number: string) => string} format
 * @property {() => string} qualityWarning
 * @property {(digit: string) => void} playTone
 * @property {() => boolean} showLastNumber Write the last called number into the field; false if there is none.
 * @property {(candidate: NumberCandidate, options: EpochPhoneCallOptions) => void} propose Write a number into the
 *   field, to be called with `options`.
 * @property {() => EpochPhoneCallOptions | undefined} prefilledOptions The options of the number that was written into
 *   the field, as long as it is unchanged there.
 * @property {() => void} stop
 */

/**
 * Add the formats, the tones and the call bar now, and after the first update the names of countries, the recent calls
 * and the moving of the panel, each in its own task, because together they would block a slow page.
 * @param {Panel} panel
 * @param {PanelElements} elements
 * @param {{onInput: () => void, hangUp: () => void}} handlers `onInput` updates the panel after a
 *   number was written into the field.
 * @returns {DialerEnhancements}
 */
export function enhanceDialer(panel, elements, { onInput, hangUp }) {
  const { root, field, recentCalls } = elements;
  const { phone, env, texts } = panel;
  const dialerTexts = texts.dialer ?? english;
  const regionNames = new RegionNames(texts.core.language);
  const formatTime = createTimeFormat(texts.core.language, env.now);
  const { input, country } = field;
  const tones = new KeypadTones(env.window.AudioContext);
  let formatNumber = /** @type {FormatNumber} */ (formatE164);
  /** @param {string} number */
  const format = (number) => formatNumber(number ?? "");
  const store = new RecentCallStore(env);
  /** @type {RecentCall[] | null} */
  let shownCalls = null;
  /**
   * The text that was last written into the field, and the options to call it with.
   * @type {{options: EpochPhoneCallOptions | undefined, text: string} | null}
   */
  let prefilled = null;

  const bar = new CallBar(panel, { root, format, hangUp });
  /** @type {Promise<PanelMover | null> | null} */
  let moverLoaded = null;
  let isStopped = false;
  let areRegionNamesReady = false;
  let isComplete = false;
  /** @param {string} region */
  const nameOf = (region) => (areRegionNamesReady ? regionNames.of(region) : "");
  // Loaded when the panel is opened; earlier if the person has moved it before, so that it opens in its position.
  const loadMover = () => {
    moverLoaded ??= env.loadChunk("panel-mover").then(
      ({ makeMovable }) => (isStopped ? null : makeMovable(panel, elements)),
      () => null,
    );
  };

  panel.adoptStyles(DIALER_STYLES);
  const onViewShown = guardCallButtons(elements, env.now);
  formatAsYouType(input, {
    getCountry: () => phone.exchangeResponse,
    readNumber: (text) => phone.readNumber(text),
    onWritten: onInput,
    formatNumber: format,
  });
  const reading = new NumberReadingView(elements, {
    ...{ phone, texts: dialerTexts, format, extensionText: texts.core.extension },
    regionName: nameOf,
    onPick: (text, options) => fill(text, options),
  });
  if (env.preferences.place) loadMover();

  const showCountry = () => {
    const { exchangeResponse } = phone;
    const numbers = phone.readNumber(input.value);
    const [candidate] = numbers.candidates;
    reading.update(numbers);
    const byPrefix = exchangeResponse && countryOf(candidate?.number ?? input.value, exchangeResponse);
    const found = byPrefix && { ...byPrefix, region: candidate?.country ?? byPrefix.region };
    const code = found ? `+${found.code}` : "";
    // A country code that was typed is visible in the field already.
    const isCodeTyped = input.value.includes("+");
    const shortText = [found?.region, isCodeTyped ? "" : code].filter(Boolean).join(" ");
    const name = found?.region ? nameOf(found.region) : "";
    country.title = name;
    // The two letters are shown; screen readers read the name.
    const spokenName = name ? [h("span", { class: "sr" }, `${name} ${code}`)] : [];
    country.replaceChildren(h("span", { "aria-hidden": String(Boolean(name)) }, shortText), ...spokenName);
  };
  /** @param {boolean} isShown */
  const showRecentCalls = (isShown) => {
    store.open(phone.exchangeResponse);
    store.add(phone.call);
    // The list is built only when it is shown. The store makes a new array for each change.
    if (!isShown || shownCalls === store.calls) return;
    shownCalls = store.calls;
    const onClear = () => {
      store.clear();
      showRecentCalls(true);
      input.focus();
    };
    recentCalls.replaceChildren(
      ...recentCallsList(shownCalls, dialerTexts, {
        format,
        extensionText: texts.core.extension,
        onPick: pick,
        onClear,
        formatTime,
      }),
    );
  };
  let hasUpdated = false;
  const addRemainingParts = async () => {
    await nextTask();
    if (isStopped) return;
    if (phone.exchangeResponse) regionNames.of(phone.exchangeResponse.country);
    areRegionNamesReady = true;
    await nextTask();
    if (isStopped) return;
    isComplete = true;
    panel.render();
    await nextTask();
    const { formatInternational } = await env.loadChunk("phone-numbers");
    if (isStopped) return;
    formatNumber = formatInternational;
    rewriteNumbers(recentCalls, shownCalls ?? [], { format, extensionText: texts.core.extension });
    panel.render();
  };
  let isHistoryRequested = false;
  const fetchRecentCalls = async () => {
    const { token, ticket } = panel.settings;
    // Only our own pages give a ticket, and only there the person can be verified.
    if (isHistoryRequested || !phone.exchangeResponse?.settings?.recent || !ticket) return;
    isHistoryRequested = true;
    try {
      const { calls } = await post(env, env.base, "recent", { token, ticket });
      if (isStopped) return;
      store.addFromServer(calls);
      panel.render();
    } catch {
      // The list then has only the calls of this tab.
    }
  };
  /**
   * Write a number into the field; if it is not changed there, it is called with `options`.
   * @param {string} text
   * @param {EpochPhoneCallOptions} [options]
   */
  const fill = (text, options) => {
    input.value = text;
    prefilled = { options, text };
    onInput();
    input.focus();
  };
  /** @param {RecentCall} call */
  const pick = (call) => fill(dialText(format(call.number), call.extension ?? "", ""), call);
  /** @type {unknown} */
  let shownError = null;
  // A sheet would cover the error at the number field.
  const closeSheetOnError = () => {
    const isNew = phone.dialError && phone.dialError !== shownError;
    shownError = phone.dialError;
    if (isNew) panel.closeSheet();
  };
  return {
    bar,
    update(view) {
      closeSheetOnError();
      if (view.showsDialer || view.showsChoices) showCountry();
      onViewShown(view);
      if (!hasUpdated) {
        hasUpdated = true;
        // If the formats cannot be loaded, numbers of other countries are shown without spaces.
        addRemainingParts().catch(() => {});
      }
      showRecentCalls(isComplete && view.state === "ready");
      if (!isComplete) return;
      if (panel.isOpen) loadMover();
      fetchRecentCalls();
    },
    format,
    qualityWarning: () => qualityWarningOf(phone, dialerTexts.callQuality),
    playTone(digit) {
      if (env.preferences.sounds !== false) tones.play(digit, env.preferences.speaker);
    },
    showLastNumber() {
      // The store may not be open yet: the first update opens it.
      store.open(phone.exchangeResponse);
      const [last] = store.calls;
      if (last) pick(last);
      return Boolean(last);
    },
    propose({ number, extension, digits }, options) {
      fill(dialText(format(number), extension, digits), options);
    },
    prefilledOptions: () => (prefilled?.text === input.value ? prefilled.options : undefined),
    stop() {
      isStopped = true;
      moverLoaded?.then((mover) => mover?.stop());
      tones.close();
      bar.stop();
    },
  };
}
