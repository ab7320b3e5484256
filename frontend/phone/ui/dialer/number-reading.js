/** Says below the number field which number is called and in which country, and offers the numbers that a text may mean. */
import { button, h } from "../dom.js";
import { writtenNumber } from "./format-as-you-type.js";

/** @import { Phone } from "../../core.js" */
/** @import { dialer } from "../../i18n/locales/en.js" */
/** @import { NumberCandidate, NumberReading } from "../../types.d.ts" */
/** @import { PanelElements } from "../panel-elements.js" */
/** @import { FormatNumber } from "./number-format.js" */

/**
 * @typedef {object} ReadingOptions
 * @property {Phone} phone
 * @property {typeof dialer} words
 * @property {string} extensionText With `{digits}`.
 * @property {FormatNumber} format
 * @property {(region: string) => string} regionName "" while the names are not there.
 * @property {(text: string, options?: EpochPhoneCallOptions) => void} onPick Gets the number as it is to be in the field.
 */

export class NumberReadingView {
  #options;
  #line;
  #choices = h("div", { hidden: true });
  #shown = "";
  /**
   * Of the call that the page asked for, and for which numbers are offered.
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
    const { words, phone } = this.#options;
    const [first, another] = reading.candidates;
    const isUnclear = Boolean(another || first?.isDoubtful);
    const details = phone.dialError?.code === "ambiguous_number" ? phone.dialError.details : null;
    const hasOtherText = /[\p{L}\d+*#]/u.test(reading.rest);
    const offered = details?.candidates ?? (hasOtherText ? reading.candidates : []);
    this.#line.replaceChildren(
      ...(!first || offered.length > 0 ? [] : isUnclear ? [words.unclearNumber] : this.#parts(first)),
    );
    this.#offer(offered, details?.options);
  }

  /**
   * @param {NumberCandidate[]} candidates
   * @param {EpochPhoneCallOptions} [options] Of the call that the page asked for.
   */
  #offer(candidates, options) {
    const { words, format, onPick } = this.#options;
    // Another call may mean the same numbers.
    this.#callOptions = options;
    // Without JSON, which some pages take away.
    const shown = candidates
      .map(({ number, country, extension, digits }) => [number, country, extension, digits].join())
      .join("\n");
    // New buttons would lose the focus, and a press that has begun.
    if (shown === this.#shown) {
      this.#rewrite(candidates);
      return;
    }
    this.#shown = shown;
    this.#choices.hidden = candidates.length === 0;
    const rows = candidates.map((one) => {
      const { number, extension, digits } = one;
      const pick = () => onPick(writtenNumber(format(number), extension, digits), this.#callOptions);
      return h("li", {}, button({ class: "recent", part: "choice", click: pick }, ...this.#parts(one)));
    });
    const id = "which-number";
    const heading = h("div", { class: "heading", id }, words.whichNumber);
    this.#choices.replaceChildren(heading, h("ul", { "aria-labelledby": id }, ...rows));
  }

  /**
   * Write the offered numbers again, in the same buttons: the formats and the names may be there later.
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
   * The number; and its country with what is dialled after the answer.
   * @param {NumberCandidate} candidate
   */
  #textsOf({ number, country, extension, digits }) {
    const { phone, words, extensionText, format, regionName } = this.#options;
    // A candidate of a call before the rules of all countries were loaded has none where countries share a code.
    const region = country ?? phone.readNumber(number).candidates[0]?.country;
    const rest = [
      region && regionName(region),
      extension && extensionText.replace("{digits}", extension),
      digits && words.tones.replace("{digits}", digits),
    ].filter(Boolean);
    return [format(number), rest.join(" · ")];
  }
}
