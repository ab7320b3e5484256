/** Extracts the number from a URI (`tel:`, `tel://`, `callto:`), and cleans any other text. */
import { clean } from "./clean.js";

const SCHEME = /^(?:tel|callto):(?:\/\/)?/i;
// The parameters of RFC 3966, and one of its predecessor (postd), that change what is dialled.
const PARAMETER = /^;\s*(ext|extension|phone-context|postd)=(.*)$/i;
// Tones that address books write like a parameter.
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
  let suffix = "";
  for (const parameter of parameters) {
    const [, name = "", value = ""] = PARAMETER.exec(parameter) ?? [];
    if (/^phone/i.test(name)) context = number.startsWith("+") || !value.startsWith("+") ? "" : value;
    else if (/^ext/i.test(name)) suffix = `;ext=${value}${suffix}`;
    else if (name) suffix += /^[,;pw]/i.test(value) ? value : `,${value}`;
    else if (TONES.test(parameter)) suffix += parameter;
  }
  return context + number + suffix;
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
