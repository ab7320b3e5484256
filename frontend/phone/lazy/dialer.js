/** The chunk that improves dialling, loaded when the phone is about to be used: formats, recent calls, key tones, call bar. */
import { nextTask } from "../browser/next-task.js";
import { formatE164 } from "../numbers/parse.js";
import { dialer as english } from "../i18n/locales/en.js";
import { CallBar } from "../ui/dialer/call-bar.js";
import { qualityWarningOf } from "../ui/dialer/call-quality.js";
import { showCountry } from "../ui/dialer/country-label.js";
import { formatAsYouType, writtenNumber } from "../ui/dialer/format-as-you-type.js";
import { KeypadTones } from "../ui/dialer/keypad-tones.js";
import { NumberReadingView } from "../ui/dialer/number-reading.js";
import { RecentCallsView } from "../ui/dialer/recent-calls-view.js";
import { RegionNames } from "../ui/dialer/region-names.js";
import { DIALER_STYLES } from "../ui/dialer/styles.js";
import { guardCallButtons } from "../ui/presses.js";

/** @import { PanelMover } from "./drag.js" */
/** @import { Problem } from "../errors.js" */
/** @import { NumberCandidate } from "../types.d.ts" */
/** @import { FormatNumber } from "../ui/dialer/number-format.js" */
/** @import { RecentCall } from "../ui/dialer/recent-call-store.js" */
/** @import { Panel } from "../ui/panel.js" */
/** @import { PanelElements } from "../ui/panel-elements.js" */
/** @import { View } from "../ui/views.js" */

/**
 * The formats, the tones and the bar are there at once. The names of countries, the recent calls and the dragging follow
 * after the first update, in tasks of their own, because everything in one task would block a slow page.
 */
export class Dialer {
  bar;
  #panel;
  #elements;
  #onInput;
  #words;
  #regionNames;
  #tones;
  #reading;
  #recentCalls;
  #noteShownView;
  #formatNumber = /** @type {FormatNumber} */ (formatE164);
  /**
   * The text of a number that was chosen, and the options of its call.
   * @type {{text: string, options: EpochPhoneCallOptions | undefined} | null}
   */
  #picked = null;
  /**
   * The last one that the panel has shown.
   * @type {Problem | null}
   */
  #shownError = null;
  /** @type {Promise<PanelMover | null> | null} */
  #moverLoaded = null;
  #areNamesRead = false;
  #isRestBegun = false;
  #isComplete = false;
  #isStopped = false;

  /**
   * @param {Panel} panel
   * @param {PanelElements} elements
   * @param {{onInput: () => void, hangUp: () => void}} handlers `onInput` shows what was written to the number field.
   */
  constructor(panel, elements, { onInput, hangUp }) {
    const { phone, env, texts } = panel;
    const words = texts.dialer ?? english;
    /** @param {string} number */
    const format = (number) => this.format(number);
    this.#panel = panel;
    this.#elements = elements;
    this.#onInput = onInput;
    this.#words = words;
    this.#regionNames = new RegionNames(texts.core.language);
    this.#tones = new KeypadTones(env.window.AudioContext);
    this.bar = new CallBar(panel, { root: elements.root, format, hangUp });
    panel.adoptStyles(DIALER_STYLES);
    this.#noteShownView = guardCallButtons(elements, env.now);
    formatAsYouType(elements.field.input, {
      getCountry: () => phone.account,
      readNumber: (text) => phone.readNumber(text),
      onWritten: onInput,
      formatNumber: format,
    });
    this.#reading = new NumberReadingView(elements, {
      ...{ phone, words, format, extensionText: texts.core.extension },
      regionName: (region) => this.#regionName(region),
      onPick: (text, options) => this.#fill(text, options),
    });
    this.#recentCalls = new RecentCallsView(panel, elements, {
      ...{ words, format },
      onPick: (call) => this.#pick(call),
    });
    if (env.preferences.place) this.#loadMover();
  }

  /** @param {View} view The one that the panel shows now. */
  update(view) {
    this.#uncoverError();
    if (view.showsDialer || view.showsChoices) this.#showReading();
    this.#noteShownView(view);
    // Without the formats, numbers of other countries are shown without groups.
    this.#addTheRest().catch(() => {});
    this.#recentCalls.update(this.#isComplete && view.state === "ready");
    if (!this.#isComplete) return;
    if (this.#panel.isOpen) this.#loadMover();
    this.#recentCalls.askServer();
  }

  /** @param {string} number E.164. */
  format(number) {
    return this.#formatNumber(number ?? "");
  }

  qualityWarning() {
    return qualityWarningOf(this.#panel.phone, this.#words.callQuality);
  }

  /** @param {string} digit */
  playTone(digit) {
    const { sounds, speaker } = this.#panel.env.preferences;
    if (sounds !== false) this.#tones.play(digit, speaker);
  }

  /** Write the last called number to the field; false without a call. */
  showLastNumber() {
    const { lastCall } = this.#recentCalls;
    if (lastCall) this.#pick(lastCall);
    return Boolean(lastCall);
  }

  /**
   * Write a number to the field.
   * @param {NumberCandidate} candidate
   * @param {EpochPhoneCallOptions} options
   */
  propose({ number, extension, digits }, options) {
    this.#fill(writtenNumber(this.format(number), extension, digits), options);
  }

  /** The options of the call to the number that was picked, if it is still in the field. */
  pickedPerson() {
    return this.#picked?.text === this.#elements.field.input.value ? this.#picked.options : undefined;
  }

  stop() {
    this.#isStopped = true;
    this.#moverLoaded?.then((mover) => mover?.stop());
    this.#recentCalls.stop();
    this.#tones.close();
    this.bar.stop();
  }

  /** Close the settings, which cover the number field, where it has a new error. */
  #uncoverError() {
    const { dialError } = this.#panel.phone;
    const isNew = dialError && dialError !== this.#shownError;
    this.#shownError = dialError;
    if (isNew) this.#panel.closeSheet();
  }

  /** Show which number the text in the field means, and its country. */
  #showReading() {
    const { phone } = this.#panel;
    const { input, country } = this.#elements.field;
    const numbers = phone.readNumber(input.value);
    this.#reading.update(numbers);
    showCountry(country, {
      text: input.value,
      candidate: numbers.candidates.at(0),
      account: phone.account,
      regionName: (region) => this.#regionName(region),
    });
  }

  /** @param {string} region */
  #regionName(region) {
    return this.#areNamesRead ? this.#regionNames.of(region) : "";
  }

  /** Add once what the first update does not need. */
  async #addTheRest() {
    if (this.#isRestBegun) return;
    this.#isRestBegun = true;
    const panel = this.#panel;
    await nextTask();
    if (this.#isStopped) return;
    // The first name takes long.
    if (panel.phone.account) this.#regionNames.of(panel.phone.account.country);
    this.#areNamesRead = true;
    await nextTask();
    if (this.#isStopped) return;
    this.#isComplete = true;
    panel.render();
    await nextTask();
    const { formatInternational } = await panel.env.loadChunk("phone-numbers");
    if (this.#isStopped) return;
    this.#formatNumber = formatInternational;
    this.#recentCalls.rewriteNumbers();
    panel.render();
  }

  /** Load what moves the panel: when it is opened, or before if it was moved, so that it is seen in its place at once. */
  #loadMover() {
    this.#moverLoaded ??= this.#panel.env.loadChunk("drag").then(
      ({ makeMovable }) => (this.#isStopped ? null : makeMovable(this.#panel, this.#elements)),
      () => null,
    );
  }

  /** @param {RecentCall} call */
  #pick(call) {
    this.#fill(writtenNumber(this.format(call.number), call.extension ?? "", ""), call);
  }

  /**
   * Put a number into the field; if it stays, it is called with `options`.
   * @param {string} text
   * @param {EpochPhoneCallOptions} [options]
   */
  #fill(text, options) {
    const { input } = this.#elements.field;
    input.value = text;
    this.#picked = { text, options };
    this.#onInput();
    input.focus();
  }
}
