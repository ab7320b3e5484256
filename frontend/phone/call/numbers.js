/** From what people type to E.164, read with the organization's country. */
const E164 = /^\+[1-9]\d{6,14}$/;
const MAX_TYPED = 32;
const LONGEST_SHORT_CODE = 6;

// Every emergency number in use somewhere: a caller may be anywhere, and none of them may be promised a way through.
// The same set as the server's; a test there compares the two.
const EMERGENCY =
  /^(0(0[0-3]|1[19]?|22?|33?|50|6[0568]|8[058])|1(0([02-8]|1(11|77)?)|1([013-9]|22?)|2([0358]|20?|4(422)?|7(799)?|98?)|3([0-3]\d?|[4-9]\d)?|4(0|44?)?|5\d?|6(0|69?)?|7([0-257]|30)?|8[08]?|9[0-57-9]?)|2(0(1(606|917)|2(099|914))|11|611)|3(11|20221|33|55)|5(11|55)|666|723141|8(19|88)|9(0(000|[1-3])?|1[1-379]?|22?|3[39]?|4|55|77|9([0-8]|99?)))$/;

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
