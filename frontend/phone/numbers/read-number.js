/**
 * Finds the phone numbers in a text that a person typed or pasted or that the page gave. All numbers that the phone
 * gets are read here, so that each is cleaned, found and parsed in the same way.
 */
import { cleanNumberText } from "./tel-uri.js";
import { withoutDates } from "./dates.js";
import { readSuffix } from "./number-suffix.js";
import { isEmergency, isTooShort, parseDialled } from "./parse.js";
import { vanityNumber } from "./vanity.js";

/** @import { CountryFields, NumberCandidate, NumberReading, ParsedNumber } from "../types.d.ts" */
/** @typedef {(dialled: string, country: CountryFields | null | undefined) => ParsedNumber | null} ParseDialled */
/** @typedef {NumberCandidate & {rank: number}} RankedCandidate The lowest rank is the most plausible. */
/** @typedef {{country: CountryFields | null | undefined, parse: ParseDialled}} Rules */

const MAX_TEXT_LENGTH = 1_000;
// Digits with the signs that people write between them. A plus begins another number.
const RUN = /(?:\+ ?)?\(?(?:\+ ?)?\d(?:[ ().\-/]*\d)*/g;
const PLAIN_NUMBER = /^[\d +().\-/]+$/;
const WORD_BEFORE_NUMBER = /(?:phone|tel|telephone|mobile|mob|cell|call|direct|ph)[.:]? ?$/i;
const WORD_BEFORE_ID = /(?:\b(?:id|no|nr|number|order|invoice|account|acct|ref|case|ticket|fax|iban|vat)|#)[.:#]? ?$/i;
const NAME_SIGN = /[\p{L}_@]$/u;
// Shorter numbers are rarely written with the country code and without its plus.
const MIN_DIGITS_WITHOUT_PLUS = 9;

/**
 * The numbers that `text` may mean, the most plausible first. A number may be dialled without a question only if it
 * is the only candidate and is not doubtful.
 * @param {unknown} text
 * @param {CountryFields | null | undefined} country The organization's.
 * @param {ParseDialled} [parse]
 * @returns {NumberReading}
 */
export function readNumber(text, country, parse = parseDialled) {
  const cleaned = cleanNumberText(text);
  const rules = { country, parse };
  if (cleaned.length > MAX_TEXT_LENGTH) return { candidates: [], isEmergency: false, rest: "" };
  if (PLAIN_NUMBER.test(cleaned) && isEmergency(cleaned.replace(/\D/g, ""))) {
    return { candidates: [], isEmergency: true, rest: "" };
  }
  const vanity = readVanity(cleaned, rules);
  if (vanity) return { candidates: [vanity], isEmergency: false, rest: "" };
  const textWithoutDates = withoutDates(cleaned);
  const found = findNumbers(textWithoutDates, rules);
  // If all that looks like a number is a date, the person is asked.
  const { candidates, rest } =
    found.candidates.length > 0 || textWithoutDates === cleaned
      ? found
      : { ...findNumbers(cleaned, rules), rest: cleaned };
  const isNumberOnly = textWithoutDates === cleaned && !/[\p{L}\d+*#]/u.test(rest);
  return {
    candidates: distinct(candidates).map(({ rank: _, ...candidate }) => ({
      ...candidate,
      isDoubtful: candidate.isDoubtful || !isNumberOnly,
    })),
    isEmergency: false,
    rest: textWithoutDates === cleaned ? rest : cleaned,
  };
}

/**
 * @param {string} text
 * @param {Rules} rules
 * @returns {NumberCandidate | null}
 */
function readVanity(text, { country, parse }) {
  const vanity = vanityNumber(text);
  const parsed = vanity && parse(vanity.dialled, country);
  if (!vanity || !parsed?.isValid || (vanity.isAmerican && !parsed.number.startsWith("+1"))) return null;
  const { extension, digits } = vanity.suffix;
  return { number: parsed.number, country: parsed.country, extension, digits, isDoubtful: false };
}

/**
 * The candidates in the order of the text, and the text without them.
 * @param {string} text
 * @param {Rules} rules
 */
function findNumbers(text, rules) {
  /** @type {RankedCandidate[]} */
  const candidates = [];
  let rest = "";
  let position = 0;
  const runs = new RegExp(RUN);
  for (let match = runs.exec(text); match; match = runs.exec(text)) {
    const [run] = match;
    const before = text.slice(0, match.index);
    const { extension, digits, length } = readSuffix(text.slice(runs.lastIndex));
    const found = parseRun(run, rules);
    const rank =
      NAME_SIGN.test(before) || WORD_BEFORE_ID.test(before)
        ? 3
        : run.includes("+")
          ? 0
          : WORD_BEFORE_NUMBER.test(before)
            ? 1
            : 2;
    const last = found.candidates.length - 1;
    candidates.push(
      ...found.candidates.map((candidate, index) => ({
        ...candidate,
        rank: candidate.rank + rank,
        // Of several numbers in a row, the suffix belongs to the last one.
        ...(found.areAlternatives || index === last ? { extension, digits } : {}),
      })),
    );
    rest += `${text.slice(position, match.index)} ${found.rest} `;
    if (last >= 0) runs.lastIndex += length;
    position = runs.lastIndex;
  }
  return { candidates, rest: rest + text.slice(position) };
}

/**
 * The numbers in a run of digits: the ways to read it as one number or, if it cannot be one, as several numbers.
 * @param {string} run
 * @param {Rules} rules
 * @returns {{candidates: RankedCandidate[], areAlternatives?: boolean, rest: string}}
 */
function parseRun(run, rules) {
  const dialled = run.replace(/[^\d+]/g, "");
  const isInternational = dialled.startsWith("+");
  if (isTooShort(dialled.replace("+", ""))) return { candidates: [], rest: dialled };
  const readings = readingsOf(dialled, rules);
  const parsed = rules.parse(dialled, rules.country);
  // Only for a national number do the country's rules say where it ends.
  const isAbroad = isInternational || dialled.startsWith("00");
  if (parsed?.isPossible && (parsed.isValid || isAbroad)) {
    return { candidates: readings, areAlternatives: true, rest: "" };
  }
  // It may also be a national number and digits of something else: "(212) 555-0101 (24h)".
  const split = splitRun(run, rules);
  if (split.candidates.length > 0) {
    const guesses = readings.map((candidate) => ({ ...candidate, rank: Math.max(candidate.rank, 0.5) }));
    return { candidates: [...split.candidates, ...guesses], rest: split.rest };
  }
  if (readings.length > 0) return { candidates: readings, areAlternatives: true, rest: "" };
  // An international number that cannot be right is passed on, and the server says what is wrong with it. Not with +1:
  // all its numbers have the same length.
  return isInternational && parsed && !parsed.number.startsWith("+1")
    ? { candidates: [candidateOf(parsed)], rest: "" }
    : { candidates: [], rest: dialled };
}

/**
 * The ways to read `dialled` as one number: as a national number and, if that is not assigned, as a number of another
 * country that was written without its plus.
 * @param {string} dialled
 * @param {Rules} rules
 */
function readingsOf(dialled, { country, parse }) {
  const parsed = parse(dialled, country);
  const readings = parsed?.isPossible ? [candidateOf(parsed)] : [];
  if (parsed?.isAssigned || dialled.startsWith("+") || dialled.length < MIN_DIGITS_WITHOUT_PLUS) return readings;
  const abroad = parse(`+${dialled}`, country);
  if (!abroad?.isAssigned || abroad.number === parsed?.number) return readings;
  return [...readings, { ...candidateOf(abroad), rank: 0.5 }].map((reading) => ({ ...reading, isDoubtful: true }));
}

/**
 * The numbers in a run that is several numbers; each takes as many of the run's groups of digits as it can.
 * @param {string} run
 * @param {Rules} rules
 */
function splitRun(run, { country, parse }) {
  const groups = run.split(/[ ()./-]+/).filter(Boolean);
  /** @type {RankedCandidate[]} */
  const candidates = [];
  const rest = [];
  let first = 0;
  while (first < groups.length) {
    let end = groups.length;
    /** @type {ParsedNumber | null} */
    let found = null;
    for (; end > first && !found; end -= 1) {
      const dialled = groups
        .slice(first, end)
        .join("")
        .replace(/[^\d+]/g, "");
      const parsed = isTooShort(dialled) ? null : parse(dialled, country);
      if (parsed?.isValid && parsed.isPossible) found = parsed;
    }
    // The digits behind a calling code must not be read as a national number.
    if (!found && groups[first].includes("+")) break;
    if (found) candidates.push(candidateOf(found));
    else rest.push(groups[first]);
    first = found ? end + 1 : first + 1;
  }
  return { candidates, rest: rest.join(" ") };
}

/**
 * @param {ParsedNumber} parsed
 * @returns {RankedCandidate}
 */
const candidateOf = ({ number, country }) => ({
  number,
  country,
  extension: "",
  digits: "",
  isDoubtful: false,
  rank: 0,
});

/**
 * Each number once, the most plausible first.
 * @param {RankedCandidate[]} candidates
 */
function distinct(candidates) {
  const sorted = [...candidates].sort((first, second) => first.rank - second.rank);
  /** @type {Map<string, RankedCandidate>} */
  const byNumber = new Map();
  for (const candidate of sorted) {
    const key = [candidate.number, candidate.extension, candidate.digits].join();
    if (!byNumber.has(key)) byNumber.set(key, candidate);
  }
  return [...byNumber.values()];
}
