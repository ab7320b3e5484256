/** The chunk that improves dialling, loaded when the phone is about to be used: formats, recent calls, key tones, call bar. */
import { nextTask } from "../browser/next-task.js";
import { formatE164 } from "../numbers/parse.js";
import { dialer as english } from "../i18n/locales/en.js";
import { h } from "../ui/dom.js";
import { CallBar } from "../ui/dialer/call-bar.js";
import { qualityWarningOf } from "../ui/dialer/call-quality.js";
import { formatAsYouType, writtenNumber } from "../ui/dialer/format-as-you-type.js";
import { KeypadTones } from "../ui/dialer/keypad-tones.js";
import { countryOf } from "../ui/dialer/number-format.js";
import { NumberReadingView } from "../ui/dialer/number-reading.js";
import { post } from "../session/api-client.js";
import { RecentCallStore } from "../ui/dialer/recent-call-store.js";
import { createTimeFormat, recentCallsList, rewriteNumbers } from "../ui/dialer/recent-calls.js";
import { RegionNames } from "../ui/dialer/region-names.js";
import { DIALER_STYLES } from "../ui/dialer/styles.js";
import { guardCallButtons } from "../ui/presses.js";

/** @import { PanelMover } from "./drag.js" */
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
 * @property {() => boolean} showLastNumber Write the last called number to the field; false without a call.
 * @property {(candidate: NumberCandidate, options: EpochPhoneCallOptions) => void} propose Write a number to the field.
 * @property {() => EpochPhoneCallOptions | undefined} pickedPerson The called person, if the field still has a picked number.
 * @property {() => void} stop
 */

/**
 * The formats, the tones and the bar are there at once. The names of countries, the recent calls and the dragging follow
 * after the first update, in tasks of their own, because everything in one task would block a slow page.
 * @param {Panel} panel
 * @param {PanelElements} elements
 * @param {{onInput: () => void, hangUp: () => void}} handlers `onInput` shows what was written to the number field.
 * @returns {DialerEnhancements}
 */
export function enhanceDialer(panel, elements, { onInput, hangUp }) {
  const { root, field, recentCalls } = elements;
  const { phone, env, texts } = panel;
  const words = texts.dialer ?? english;
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
  /** @type {{options: EpochPhoneCallOptions | undefined, text: string} | null} */
  let picked = null;

  const bar = new CallBar(panel, { root, format, hangUp });
  /** @type {Promise<PanelMover | null> | null} */
  let moverLoaded = null;
  let isStopped = false;
  let areNamesRead = false;
  let isComplete = false;
  /** @param {string} region */
  const nameOf = (region) => (areNamesRead ? regionNames.of(region) : "");
  // Loaded when the panel is opened, or before if it was moved: it is then seen in its place at once.
  const loadMover = () => {
    moverLoaded ??= env.loadChunk("drag").then(
      ({ makeMovable }) => (isStopped ? null : makeMovable(panel, elements)),
      () => null,
    );
  };

  panel.adoptStyles(DIALER_STYLES);
  const noteMeaning = guardCallButtons(elements, env.now);
  formatAsYouType(input, {
    getCountry: () => phone.account,
    readNumber: (text) => phone.readNumber(text),
    onWritten: onInput,
    formatNumber: format,
  });
  const reading = new NumberReadingView(elements, {
    ...{ phone, words, format, extensionText: texts.core.extension },
    regionName: nameOf,
    onPick: (text, options) => fill(text, options),
  });
  if (env.preferences.place) loadMover();

  const showCountry = () => {
    const { account } = phone;
    const numbers = phone.readNumber(input.value);
    const [candidate] = numbers.candidates;
    reading.update(numbers);
    const typed = account && countryOf(candidate?.number ?? input.value, account);
    const found = typed && { ...typed, region: candidate?.country ?? typed.region };
    const code = found ? `+${found.code}` : "";
    // A typed country code is visible in the field already.
    const isCodeTyped = input.value.includes("+");
    const short = [found?.region, isCodeTyped ? "" : code].filter(Boolean).join(" ");
    const name = found?.region ? nameOf(found.region) : "";
    country.title = name;
    // The two letters are for the eye, the name is for the ear.
    const spoken = name ? [h("span", { class: "sr" }, `${name} ${code}`)] : [];
    country.replaceChildren(h("span", { "aria-hidden": String(Boolean(name)) }, short), ...spoken);
  };
  /** @param {boolean} isShown */
  const showRecentCalls = (isShown) => {
    store.open(phone.account);
    store.keep(phone.call);
    // Built when they are seen; the store makes a new list for each change.
    if (!isShown || shownCalls === store.calls) return;
    shownCalls = store.calls;
    const onClear = () => {
      store.clear();
      showRecentCalls(true);
      input.focus();
    };
    recentCalls.replaceChildren(
      ...recentCallsList(shownCalls, words, {
        format,
        extensionText: texts.core.extension,
        onPick: pick,
        onClear,
        formatTime,
      }),
    );
  };
  let isBegun = false;
  const addTheRest = async () => {
    await nextTask();
    if (isStopped) return;
    if (phone.account) regionNames.of(phone.account.country);
    areNamesRead = true;
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
  let isServerAsked = false;
  const askServer = async () => {
    const { token, ticket } = panel.settings;
    // Only our own pages have a ticket from the start, and only there a person can be verified.
    if (isServerAsked || !phone.account?.settings?.recent || !ticket) return;
    isServerAsked = true;
    try {
      const { calls } = await post(env, env.base, "recent", { token, ticket });
      if (isStopped) return;
      store.addFromServer(calls);
      panel.render();
    } catch {
      // The list is this tab's alone.
    }
  };
  /**
   * Put a number into the field; if it stays, it is called with `options`.
   * @param {string} text
   * @param {EpochPhoneCallOptions} [options]
   */
  const fill = (text, options) => {
    input.value = text;
    picked = { options, text };
    onInput();
    input.focus();
  };
  /** @param {RecentCall} call */
  const pick = (call) => fill(writtenNumber(format(call.number), call.extension ?? "", ""), call);
  /** @type {unknown} */
  let shownError = null;
  const uncoverError = () => {
    const isNew = phone.dialError && phone.dialError !== shownError;
    shownError = phone.dialError;
    if (isNew) panel.closeSheet();
  };
  return {
    bar,
    update(view) {
      uncoverError();
      if (view.showsDialer || view.showsChoices) showCountry();
      noteMeaning(view);
      if (!isBegun) {
        isBegun = true;
        // Without the formats, numbers of other countries are shown without groups.
        addTheRest().catch(() => {});
      }
      showRecentCalls(isComplete && view.state === "ready");
      if (!isComplete) return;
      if (panel.isOpen) loadMover();
      askServer();
    },
    format,
    qualityWarning: () => qualityWarningOf(phone, words.callQuality),
    playTone(digit) {
      if (env.preferences.sounds !== false) tones.play(digit, env.preferences.speaker);
    },
    showLastNumber() {
      // The first update may still be to come.
      store.open(phone.account);
      const [last] = store.calls;
      if (last) pick(last);
      return Boolean(last);
    },
    propose({ number, extension, digits }, options) {
      fill(writtenNumber(format(number), extension, digits), options);
    },
    pickedPerson: () => (picked?.text === input.value ? picked.options : undefined),
    stop() {
      isStopped = true;
      moverLoaded?.then((mover) => mover?.stop());
      tones.close();
      bar.stop();
    },
  };
}
