/** The table of calling codes, with the country of each and the groups of digits in which its numbers are written. */

/**
 * @typedef {object} NumberGroups
 * @property {number[]} groups Digits in each group.
 * @property {{prefix: string, groups: number[]}} [special] Of numbers that begin with `prefix`.
 */
/** @typedef {NumberGroups & {region: string | null}} NumberingPlan Region is null where several countries share the code. */

// Each entry: calling code, country, groups of digits; after a prefix in brackets, the groups of numbers with that prefix.
const PLANS =
  "20EG2-4-4 27ZA2-3-4 30GR3-3-4 31NL2-3-4 32BE3-2-2-2 33FR1-2-2-2-2 34ES3-3-3 36HU2-3-4 39IT3-3-4 40RO3-3-3 41CH2-3-2-2 " +
  "43AT3-3-4 44GB4-6(2)2-4-4 45DK2-2-2-2 46SE2-3-2-2 47NO3-2-3 48PL3-3-3 49DE3-4-4 51PE3-3-3 52MX2-4-4 53CU 54AR2-4-4 " +
  "55BR2-5-4 56CL1-4-4 57CO3-3-4 58VE3-3-4 60MY2-3-4 61AU1-4-4(4)3-3-3 62ID3-4-4 63PH3-3-4 64NZ1-3-4(2)2-3-4 65SG4-4 66TH2-3-4 " +
  "81JP2-4-4 82KR2-4-4 84VN2-3-4 86CN3-4-4 90TR3-3-2-2 91IN5-5 92PK3-3-4 93AF 94LK2-3-4 95MM 98IR3-3-4 211SS 212MA3-2-2-2 " +
  "213DZ 216TN2-3-3 218LY 220GM 221SN 222MR 223ML 224GN 225CI 226BF 227NE 228TG 229BJ 230MU 231LR 232SL 233GH 234NG3-3-4 235TD " +
  "236CF 237CM 238CV 239ST 240GQ 241GA 242CG 243CD 244AO 245GW 246IO 247AC 248SC 249SD 250RW 251ET 252SO 253DJ 254KE3-3-3 " +
  "255TZ 256UG 257BI 258MZ 260ZM 261MG 262RE 263ZW 264NA 265MW 266LS 267BW 268SZ 269KM 290SH 291ER 297AW 298FO 299GL " +
  "350GI 351PT3-3-3 352LU 353IE2-3-4 354IS3-4 355AL 356MT4-4 357CY 358FI2-3-4 359BG 370LT 371LV 372EE 373MD 374AM 375BY 376AD " +
  "377MC 378SM 380UA2-3-2-2 381RS 382ME 383XK 385HR 386SI 387BA 389MK 420CZ3-3-3 421SK3-3-3 423LI 500FK 501BZ 502GT 503SV " +
  "504HN 505NI 506CR 507PA 508PM 509HT 590GP 591BO 592GY 593EC 594GF 595PY 596MQ 597SR 598UY 599CW 670TL 672NF 673BN 674NR " +
  "675PG 676TO 677SB 678VU 679FJ 680PW 681WF 682CK 683NU 685WS 686KI 687NC 688TV 689PF 690TK 691FM 692MH 850KP 852HK4-4 " +
  "853MO4-4 855KH 856LA 880BD 886TW1-4-4 960MV 961LB 962JO 963SY 964IQ 965KW4-4 966SA2-3-4 967YE 968OM4-4 970PS 971AE2-3-4 " +
  "972IL2-3-4 973BH4-4 974QA4-4 975BT 976MN4-4 977NP 992TJ 993TM 994AZ 995GE 996KG 998UZ";

/**
 * Several countries share these two codes.
 * @type {[string, NumberingPlan][]}
 */
const SHARED_CODES = [
  ["1", { region: null, groups: [3, 3, 4] }],
  ["7", { region: null, groups: [3, 3, 2, 2] }],
];
const DEFAULT_GROUPS = [3, 3, 4];
const MAX_CODE_LENGTH = 3;

const PLAN_BY_CODE = new Map([...SHARED_CODES, ...PLANS.split(" ").map(parseEntry)]);

/**
 * The plan of the calling code that `digits` begin with, or null.
 * @param {string} digits
 * @returns {(NumberingPlan & {code: string}) | null}
 */
export function numberingPlanOf(digits) {
  for (let length = 1; length <= MAX_CODE_LENGTH; length += 1) {
    const code = digits.slice(0, length);
    const plan = PLAN_BY_CODE.get(code);
    if (plan) return { code, ...plan };
  }
  return null;
}

/**
 * @param {string} text
 * @returns {[string, NumberingPlan]}
 */
function parseEntry(text) {
  const [, code, region, groups, prefix, special] = /^(\d+)([A-Z]{2})([\d-]*)(?:\((\d+)\)([\d-]+))?$/.exec(text) ?? [];
  const plan = { region, groups: parseGroups(groups) };
  return [code, prefix ? { ...plan, special: { prefix, groups: parseGroups(special) } } : plan];
}

/** @param {string} text */
function parseGroups(text) {
  return text ? text.split("-").map(Number) : DEFAULT_GROUPS;
}
