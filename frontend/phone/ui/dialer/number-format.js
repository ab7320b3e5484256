/** Punctuates what is typed, and changes no digit of it: what is dialled stays what was typed. */
import { planOf } from "./numbering-plans.js";

// Anything else in the text, letters or "(0)" say, is left as it was typed.
const PLAIN = /^\+?[\d\s().\-/\u2010-\u2015]*$/;
const NUMBER = /[+(]*\d[\d\s().\-/\u2010-\u2015]{5,}\d/;
const FEWEST_DIGITS = 7;

/** `text` as it is read, while it is typed, with the exchange's country fields in `account`. */
export function format(text, account) {
  if (!PLAIN.test(text) || text.includes("(0)")) return text;
  const digits = text.replace(/\D/g, "");
  if (text.startsWith("+")) return international(digits);
  const abroad = abroadIn(digits, account);
  if (abroad) return `${abroad} ${international(digits.slice(abroad.length)).slice(1)}`.trim();
  return national(digits, account);
}

/** `{code, region}` of the country that `text` calls; region is null where countries share a code. */
export function countryOf(text, account) {
  const digits = text.replace(/\D/g, "");
  const abroad = abroadIn(digits, account);
  if (!text.trim().startsWith("+") && !abroad) return { code: account.calling_code, region: account.country };
  const plan = planOf(abroad ? digits.slice(abroad.length) : digits);
  return plan && { code: plan.code, region: plan.region };
}

/** The number in `text`, wherever it was copied from: other scripts' digits, marks that nobody sees, words around it. */
export function pasted(text) {
  const clean = text
    .normalize("NFKC")
    .replace(/[\u0660-\u0669]/g, (digit) => digit.charCodeAt(0) - 0x660)
    .replace(/[\u06f0-\u06f9]/g, (digit) => digit.charCodeAt(0) - 0x6f0)
    .replace(/\p{Cf}/gu, "")
    .replace(/\p{Pd}/gu, "-")
    .replace(/\s+/g, " ")
    .trim()
    .replace(/^tel:/i, "");
  if (PLAIN.test(clean)) return clean;
  const found = NUMBER.exec(clean)?.[0] ?? "";
  return found.replace(/\D/g, "").length >= FEWEST_DIGITS ? found : clean;
}

function abroadIn(digits, { international_prefix: own }) {
  return [own, "00"].find((prefix) => prefix && digits.startsWith(prefix));
}

function international(digits) {
  const plan = planOf(digits);
  if (!plan) return `+${digits}`;
  const rest = digits.slice(plan.code.length);
  if (plan.code === "1") return `+1 ${american(rest)}`.trim();
  return `+${plan.code} ${grouped(rest, plan)}`.trim();
}

function national(digits, { calling_code: code, trunk_prefix: trunk }) {
  const plan = code && planOf(code);
  if (!plan || digits.length < 4) return digits;
  if (code === "1") {
    const long = digits.startsWith("1");
    return `${long ? "1 " : ""}${american(long ? digits.slice(1) : digits)}`.trim();
  }
  const hasTrunk = trunk === "0" && digits.startsWith(trunk);
  return (hasTrunk ? trunk : "") + grouped(hasTrunk ? digits.slice(1) : digits, plan);
}

function american(digits) {
  if (digits.length < 4 || digits.length > 10) return digits;
  const [area, exchange, line] = [digits.slice(0, 3), digits.slice(3, 6), digits.slice(6)];
  return `(${area}) ${exchange}${line ? `-${line}` : ""}`;
}

function grouped(digits, { groups, special }) {
  const sizes = special && digits.startsWith(special.prefix) ? special.groups : groups;
  const parts = [];
  let at = 0;
  for (const [index, size] of sizes.entries()) {
    const end = index === sizes.length - 1 ? digits.length : at + size;
    parts.push(digits.slice(at, end));
    at += size;
  }
  return parts.filter(Boolean).join(" ");
}
