/** Shows the country of a number beside its field. */
import { h } from "../dom.js";
import { countryOf } from "./number-format.js";

/** @import { ExchangeResponse, NumberCandidate } from "../../types.d.ts" */

/**
 * The country that is typed, or else the organization's own.
 * @param {HTMLElement} element
 * @param {object} options
 * @param {string} options.text Of the field.
 * @param {NumberCandidate | undefined} options.candidate The number that it means.
 * @param {ExchangeResponse | null} options.account
 * @param {(region: string) => string} options.regionName "" while the names are not there.
 */
export function showCountry(element, { text, candidate, account, regionName }) {
  const typed = account && countryOf(candidate?.number ?? text, account);
  const found = typed && { ...typed, region: candidate?.country ?? typed.region };
  const code = found ? `+${found.code}` : "";
  // A typed country code is visible in the field already.
  const isCodeTyped = text.includes("+");
  const short = [found?.region, isCodeTyped ? "" : code].filter(Boolean).join(" ");
  const name = found?.region ? regionName(found.region) : "";
  element.title = name;
  // The two letters are for the eye, the name is for the ear.
  const spoken = name ? [h("span", { class: "sr" }, `${name} ${code}`)] : [];
  element.replaceChildren(h("span", { "aria-hidden": String(Boolean(name)) }, short), ...spoken);
}
