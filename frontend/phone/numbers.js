/** From what people type to E.164, read with the organization's country. */
const E164 = /^\+[1-9]\d{6,14}$/;
const MAX_TYPED = 32;
const LONGEST_SHORT_CODE = 6;

// Every emergency number in use somewhere: a caller may be anywhere, and none of them may be promised a way through.
const EMERGENCY =
  /^(000|1(0[0-8]|[129]\d|3[0-3]|4[0-5]|5[0158]|6[016]|7[07]|80)|211|333|555|600|700|777|811|9(0[1237]|1[12379]|3[39]|66|7[057]|8[145789]|9\d)|1[578]|07|1122|1669|101(11|77))$/;

/** `{number}` in E.164, or `{code}` of what is wrong with it. `country` holds the exchange's country fields. */
export function parseNumber(typed, country) {
  let text = String(typed ?? "").trim();
  if (/^tel:/i.test(text)) text = withoutScheme(text);
  if (text.length > MAX_TYPED) return { code: "invalid_number" };
  const international = text.startsWith("+");
  // "+44 (0)20 …" shows the trunk prefix to readers; nobody dials it after a country code.
  if (international) text = text.slice(1).replace(/\(0\)/, "");
  if (!/^[\d\s().\-/\u2010-\u2015]+$/.test(text)) return { code: "invalid_number" };
  const digits = text.replace(/\D/g, "");
  if (EMERGENCY.test(digits)) return { code: "emergency_number" };
  if (digits.length <= LONGEST_SHORT_CODE) return { code: "invalid_number" };
  const number = international ? `+${digits}` : fromNational(digits, country);
  return number && E164.test(number) ? { number } : { code: "invalid_number" };
}

/** `number` (E.164) spaced for reading. */
export function pretty(number) {
  const american = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number ?? "");
  return american ? `+1 (${american[1]}) ${american[2]}-${american[3]}` : (number ?? "");
}

/** What was typed as people of the organization write it, or null when it is no number or `country` is not known yet. */
export function display(typed, country) {
  const { number } = country ? parseNumber(typed, country) : {};
  if (!number) return null;
  return country.calling_code === "1" ? pretty(number).replace(/^\+1 /, "") : pretty(number);
}

function withoutScheme(text) {
  const number = text.slice(4).replace(/;(?!ext).*$/i, "");
  try {
    return decodeURIComponent(number).trim();
  } catch {
    return number;
  }
}

function fromNational(digits, { calling_code: code, trunk_prefix: trunk, international_prefix: abroad } = {}) {
  for (const prefix of [abroad, "00"]) {
    if (prefix && digits.startsWith(prefix)) return `+${digits.slice(prefix.length)}`;
  }
  if (!code) return null;
  if (code === "1") {
    const national = digits.replace(/^1(?=\d{10}$)/, "");
    return national.length === 10 ? `+1${national}` : null;
  }
  if (trunk && digits.startsWith(trunk)) {
    // A trunk prefix other than 0 can also begin an area code: there the length decides.
    const dialled = trunk.startsWith("0") || digits.length > 10;
    return `+${code}${dialled ? digits.slice(trunk.length) : digits}`;
  }
  // Without the trunk prefix and that long, the country code was typed without its plus.
  if (trunk && digits.startsWith(code) && digits.length > 10) return `+${digits}`;
  return `+${code}${digits}`;
}
