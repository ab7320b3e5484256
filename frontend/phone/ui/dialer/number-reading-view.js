/** Shows below the number field the number that is called and its country, and a list of the numbers that a text may mean. */
import { button, h } from "../dom.js";
import { dialText } from "./format-as-you-type.js";

/** @import { Phone } from "../../core.js" */
/** @import { dialer } from "../../i18n/locales/en.js" */
/** @import { NumberCandidate, NumberReading } from "../../types.d.ts" */
/** @import { PanelElements } from "../panel-elements.js" */
/** @import { FormatNumber } from "./number-format.js" */

/**
 * @typedef {object} ReadingOptions
 * @property {Phone} phone
 * @property {typeof dialer} texts
 * @property {string} extensionText With `{digits}`.
 * @property {FormatNumber} format
 * @property {(region: string) => string} regionName "" until the names are loaded.
 * @property {(text: string, options?: EpochPhoneCallOptions) => void} onPick Gets the text to write to the field.
 */

export class NumberReadingView {
  #options;
  #line;
  #choices = h("div", { hidden: true });
  #shownCandidates = "";
  /**
   * The options of the page's call for which the numbers are offered.
   * @type {EpochPhoneCallOptions | undefined}
   */
  #callOptions;

  /**
   * @param {PanelElements} elements
   * @param {ReadingOptions} options
   */
  constructor({ field, reading, dialError }, options) {
    this.#options = options;
    this.#line = reading;
    dialError.element.after(this.#choices);
    field.input.setAttribute("aria-describedby", "country reading dial-error");
  }

  /** @param {NumberReading} reading Of the text in the field. */
  update(reading) {
    const { texts, phone } = this.#options;
    const [first, otherCandidate] = reading.candidates;
    const isUnclear = Boolean(otherCandidate || first?.isDoubtful);
    const details = phone.dialError?.code === "ambiguous_number" ? phone.dialError.details : null;
    const hasOtherText = /[\p{L}\d+*#]/u.test(reading.rest);
    const offered = details?.candidates ?? (hasOtherText ? reading.candidates : []);
    this.#line.replaceChildren(
      ...(!first || offered.length > 0 ? [] : isUnclear ? [texts.unclearNumber] : this.#parts(first)),
    );
    this.#offer(offered, details?.options);
  }

  /**
   * @param {NumberCandidate[]} candidates
   * @param {EpochPhoneCallOptions} [options] Of the page's call, if the page called with the text.
   */
  #offer(candidates, options) {
    const { texts, format, onPick } = this.#options;
    // Set also if the list stays: another call may offer the same numbers.
    this.#callOptions = options;
    // Without JSON, because some pages remove it.
    const candidatesText = candidates
      .map(({ number, country, extension, digits }) => [number, country, extension, digits].join())
      .join("\n");
    // Replacing the buttons would lose the focus and interrupt a press.
    if (candidatesText === this.#shownCandidates) {
      this.#rewrite(candidates);
      return;
    }
    this.#shownCandidates = candidatesText;
    this.#choices.hidden = candidates.length === 0;
    const rows = candidates.map((candidate) => {
      const { number, extension, digits } = candidate;
      const pick = () => onPick(dialText(format(number), extension, digits), this.#callOptions);
      return h("li", {}, button({ class: "recent", part: "choice", click: pick }, ...this.#parts(candidate)));
    });
    const id = "which-number";
    const heading = h("div", { class: "heading", id }, texts.whichNumber);
    this.#choices.replaceChildren(heading, h("ul", { "aria-labelledby": id }, ...rows));
  }

  /**
   * Update the texts of the existing buttons: the formats and the names of countries may have been loaded since.
   * @param {NumberCandidate[]} candidates
   */
  #rewrite(candidates) {
    for (const [index, { children }] of [...this.#choices.querySelectorAll("button")].entries()) {
      for (const [place, text] of this.#textsOf(candidates[index]).entries()) {
        if (children[place].textContent !== text) children[place].textContent = text;
      }
    }
  }

  /** @param {NumberCandidate} candidate */
  #parts(candidate) {
    const [number, details] = this.#textsOf(candidate);
    return [h("bdi", { dir: "ltr" }, number), " ", h("small", {}, details)];
  }

  /**
   * Two texts: the number; its country, extension and tones.
   * @param {NumberCandidate} candidate
   */
  #textsOf({ number, country, extension, digits }) {
    const { phone, texts, extensionText, format, regionName } = this.#options;
    // If countries share a code, a candidate has no country if it was read before the rules of all countries were loaded.
    const region = country ?? phone.readNumber(number).candidates[0]?.country;
    const rest = [
      region && regionName(region),
      extension && extensionText.replace("{digits}", extension),
      digits && texts.tones.replace("{digits}", digits),
    ].filter(Boolean);
    return [format(number), rest.join(" · ")];
  }
}
