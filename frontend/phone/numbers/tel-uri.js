/** Extracts the number from a URI: `tel:`, `tel://`, `callto:`. */
import { clean } from "./clean.js";

const SCHEME = /^(?:tel|callto):(?:\/\/)?/i;
// Parameters of RFC 3966, and one of its predecessor, that change what is dialled. The others do not.
const PARAMETER = /^;\s*(ext|extension|phone-context|postd)=(.*)$/i;
// Tones in the place of a parameter, as address books write them.
const TONES = /^;[\d*#,;pw]+$/i;

/**
 * `text` cleaned; of a URI the number, with the country code of its `;phone-context=` and with its post-dial tones.
 * @param {unknown} text
 */
export function cleanNumberText(text) {
  const cleaned = clean(text);
  if (!SCHEME.test(cleaned)) return cleaned;
  const [number, ...parameters] = clean(decode(cleaned.replace(SCHEME, "")))
    .replace(/\?.*$/s, "")
    .split(/(?=;)/);
  let context = "";
  let after = "";
  for (const parameter of parameters) {
    const [, name = "", value = ""] = PARAMETER.exec(parameter) ?? [];
    if (/^phone/i.test(name)) context = number.startsWith("+") || !value.startsWith("+") ? "" : value;
    else if (/^ext/i.test(name)) after = `;ext=${value}${after}`;
    else if (name) after += /^[,;pw]/i.test(value) ? value : `,${value}`;
    else if (TONES.test(parameter)) after += parameter;
  }
  return context + number + after;
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
