/** What makes dialling comfortable, loaded when the phone is about to be used. */
import { punctuate } from "../ui/dialer/format-as-you-type.js";
import { countryOf, format } from "../ui/dialer/number-format.js";
import { recentCalls } from "../ui/dialer/recent-calls.js";
import { STYLES } from "../ui/dialer/styles.js";
import { Tones } from "../ui/dialer/keypad-tones.js";
import { troubleOf } from "../ui/dialer/call-quality.js";
import { h } from "../ui/dom.js";
import { dialer as english, fixes } from "../i18n/locales/en.js";

/** What to do about problems, in English, as the file of a language has it; the sentences are in errors.js. */
export const problems = Object.fromEntries(Object.entries(fixes).map(([code, fix]) => [code, [undefined, fix]]));

/**
 * Add to `panel` and its elements `parts`: punctuation as one types, the country called, recent calls, tones.
 * `changed()` shows what was written to the field. Returns `{update(view), written(number), trouble(),
 * sound(digit), stop()}`.
 */
export function attach(panel, parts, changed) {
  const { phone, env, texts } = panel;
  const words = texts.dialer ?? english;
  const { language } = texts.core;
  const { input, country } = parts.field;
  const tones = new Tones(env.window.AudioContext);
  const written = (number) => (number && phone.account ? format(number, phone.account) : (number ?? ""));
  let listed = null;

  panel.adopt(STYLES);
  punctuate(input, () => phone.account, changed);

  const showCountry = () => {
    const found = phone.account && countryOf(input.value, phone.account);
    const code = found ? `+${found.code}` : "";
    // Who types a country code sees it in the field.
    const isTyped = input.value.includes("+");
    const short = [found?.region, isTyped ? "" : code].filter(Boolean).join(" ");
    const spoken = found?.region ? nameOf(found.region, language) : "";
    country.title = spoken;
    // The two letters are for the eye, the name is for the ear.
    const name = spoken ? [h("span", { class: "sr" }, `${spoken} ${code}`)] : [];
    country.replaceChildren(h("span", { "aria-hidden": String(Boolean(spoken)) }, short), ...name);
  };
  const showRecent = (isShown) => {
    const calls = isShown ? panel.recent : [];
    if (listed && listed.length === calls.length && listed[0] === calls[0]) return;
    listed = calls;
    const pick = ({ number, metadata }) => phone.dial(number, metadata);
    parts.extra.replaceChildren(...recentCalls(calls, words, { written, pick, language }));
  };
  return {
    update({ state }) {
      showCountry();
      showRecent(state === "ready");
    },
    written,
    trouble: () => troubleOf(phone, words.trouble),
    sound(digit) {
      if (env.preferences.sounds !== false) tones.play(digit, env.preferences.speaker);
    },
    stop: () => tones.close(),
  };
}

function nameOf(region, language) {
  try {
    return new Intl.DisplayNames([language], { type: "region" }).of(region);
  } catch {
    return region;
  }
}
