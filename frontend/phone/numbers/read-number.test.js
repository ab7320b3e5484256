/** Checks which phone numbers are found in texts, by the rules of phone.js and by those of all countries. */
import { describe, expect, test } from "vitest";
import { parseDialled } from "../lazy/phone-numbers.js";
import { clean } from "./clean.js";
import { readNumber } from "./read-number.js";

const US = { country: "US", calling_code: "1", trunk_prefix: "1", international_prefix: "011" };
const GB = { country: "GB", calling_code: "44", trunk_prefix: "0", international_prefix: "00" };
const DE = { country: "DE", calling_code: "49", trunk_prefix: "0", international_prefix: "00" };
const IT = { country: "IT", calling_code: "39", trunk_prefix: "", international_prefix: "00" };
const AR = { country: "AR", calling_code: "54", trunk_prefix: "0", international_prefix: "00" };
const ZA = { country: "ZA", calling_code: "27", trunk_prefix: "0", international_prefix: "00" };
const IN = { country: "IN", calling_code: "91", trunk_prefix: "0", international_prefix: "00" };
const PL = { country: "PL", calling_code: "48", trunk_prefix: "", international_prefix: "00" };
const RU = { country: "RU", calling_code: "7", trunk_prefix: "8", international_prefix: "810" };

/** "+14155552671 x204 ,,5 ?": the number, its extension, its tones, and a question mark if a person is to be asked. */
const summarize = ({ candidates }) =>
  candidates.map(({ number, extension, digits, isDoubtful }) =>
    [number, extension && `x${extension}`, digits, isDoubtful && "?"].filter(Boolean).join(" "),
  );

// The rules of all countries and the few of phone.js agree on these.
describe.each([
  ["with the rules of all countries", parseDialled],
  ["with the rules of phone.js", undefined],
])("readNumber %s", (_, parse) => {
  const read = (text, country) => readNumber(text, country, parse);

  test.each([
    ["(555) 123-4567", US, "+15551234567"],
    ["555.123.4567", US, "+15551234567"],
    ["1-555-123-4567", US, "+15551234567"],
    ["0113 496 0000", GB, "+441134960000"],
    ["(011) 4930-1820", AR, "+541149301820"],
    ["(011) 683-4000", ZA, "+27116834000"],
    ["(((((5551234567)))))", US, "+15551234567"],
    ["+1 (555) 123-4567", US, "+15551234567"],
    ["011 44 20 7946 0958", US, "+442079460958"],
    ["00 44 20 7946 0958", US, "+442079460958"],
    ["+44 (0)20 7946 0958", US, "+442079460958"],
    ["0044 (0)20 7946 0958", GB, "+442079460958"],
    ["+44 020 7946 0958", GB, "+442079460958"],
    ["+49 (0)30 123456", US, "+4930123456"],
    ["+39 (0)6 6981 2345", US, "+390669812345"],
    ["07911 123456", GB, "+447911123456"],
    ["7911 123456", GB, "+447911123456"],
    ["447911123456", GB, "+447911123456"],
    ["00 1 415 555 2671", GB, "+14155552671"],
    ["06 698 12345", IT, "+390669812345"],
    ["8 495 123-45-67", RU, "+74951234567"],
    ["812 123-45-67", RU, "+78121234567"],
    ["810 1 415 555 2671", RU, "+14155552671"],
  ])("%s is one number", (text, country, number) => {
    expect(summarize(read(text, country))).toEqual([number]);
  });

  test.each([
    ["\u202a+1 415 555 2671\u202c", "direction marks"],
    ["\u2066+14155552671\u2069\u200e\u200f", "isolates"],
    ["+1\u00a0415\u202f555\u30002671", "spaces that do not break"],
    ["+1\ufe0f-415-555-2671", "a variation selector"],
    ["+1\u2212415\u2013555\u20112671", "dashes"],
    ["+١٤١٥٥٥٥٢٦٧١", "Arabic-Indic digits"],
    ["+۱۴۱۵۵۵۵۲۶۷۱", "Persian digits"],
    ["+१४१५५५५२६७१", "Devanagari digits"],
    ["＋１（４１５）５５５－２６７１", "full-width digits and signs"],
    ["1️⃣4️⃣1️⃣5️⃣5️⃣5️⃣5️⃣2️⃣6️⃣7️⃣1️⃣", "keycaps"],
    ["tel:%2B1%20415%E2%80%91555%E2%80%912671", "a percent-encoded address"],
    [" TEL:+1-415-555-2671", "a space before the scheme"],
    ["tel://+14155552671", "a scheme with slashes"],
    ["callto:+1 415 555 2671?call", "another scheme"],
    ["tel:4155552671;phone-context=+1", "a context"],
    ["tel:4155552671;phone-context=example.com;isub=1", "a context that is a domain"],
  ])("%s is cleaned of %s", (text) => {
    expect(summarize(read(text, US))).toEqual(["+14155552671"]);
  });

  test.each([
    ["tel:+1-415-555-2671;ext=204", "x204"],
    ["tel:+1-415-555-2671;ext=204;phone-context=+1", "x204"],
    ["(415) 555-2671 x204", "x204"],
    ["(415) 555-2671 ext. 204", "x204"],
    ["(415) 555-2671, Ext 204", "x204"],
    ["(415) 555-2671 extension 204", "x204"],
    ["(415) 555-2671 (ext 204)", "x204"],
    ["(415) 555-2671#204", "x204"],
    ...["DW", "Durchwahl", "poste", "interno", "int.", "anexo", "ramal", "toestel", "内線"].map((word) => [
      `+1 415 555 2671 ${word} 204`,
      "x204",
    ]),
    ["+1 415 555 2671 内線204", "x204"],
    ["415 555 2671 #204", "x204"],
    ["+14155552671,,204#", ",,204#"],
    ["+14155552671;204", ";204"],
    ["+14155552671p204w5", ",204;5"],
    ["+14155552671 x204,,5#", "x204 ,,5#"],
    ["tel:+14155552671;postd=pp22", ",,22"],
    ["tel:+14155552671,,204%23", ",,204#"],
  ])("%s has %s to be sent after the answer", (text, after) => {
    expect(summarize(read(text, US))).toEqual([`+14155552671 ${after}`]);
  });

  test.each([
    ["1-800-FLOWERS", US, "+18003569377"],
    ["1 (800) GO-FEDEX", US, "+18004633339"],
    ["+1-800-flowers", GB, "+18003569377"],
    ["1-800-FLOWERS x12", US, "+18003569377 x12"],
    ["0800 FLOWERS", GB, "+448003569377"],
    ["415-555-CALL", US, "+14155552255"],
    ["888-555-CALL", US, "+18885552255"],
    ["1-212-555-CALL", US, "+12125552255"],
    ["+1 415 555 CALL", GB, "+14155552255"],
    ["(415) 555-CALL x12", US, "+14155552255 x12"],
  ])("the letters of %s are keys", (text, country, number) => {
    expect(summarize(read(text, country))).toEqual([number]);
  });

  test.each([
    ["2026-11-28 14:00 +1 415 555 2671", US, ["+14155552671 ?"]],
    ["2026-11-28T14:00:00Z\t(415) 555-2671", US, ["+14155552671 ?"]],
    ["28.11.2026 020 7946 0958", GB, ["+442079460958 ?"]],
    ["11/28/2026 (415) 555-2671", US, ["+14155552671 ?"]],
    ["ID 4471234567 phone (415) 555-2671", US, ["+14155552671 ?", "+14471234567 ?"]],
    ["(415) 555-2671 or +44 20 7946 0958", US, ["+442079460958 ?", "+14155552671 ?"]],
    ["4155552671 2125550101", US, ["+14155552671", "+12125550101"]],
    ["4155552671\n2125550101", US, ["+14155552671", "+12125550101"]],
    ["4155552671,2125550101", US, ["+14155552671", "+12125550101"]],
    ["+1 415 555 2671 +1 212 555 0101", GB, ["+14155552671", "+12125550101"]],
    ["+1 415 555 2671 2026", US, ["+14155552671 ?"]],
    ["Ada Park: (212) 555-0101, after six", US, ["+12125550101 ?"]],
    ["user4155552671@example.com", US, ["+14155552671 ?"]],
    ["+1 415 555 2671¹", US, ["+14155552671"]],
    ["(212) 555-0101 (24h)", US, ["+12125550101 ?", "+212555010124 ?"]],
    ["9-1-212-555-0101", US, ["+12125550101 ?", "+912125550101 ?"]],
    ["212-555-0101-02", US, ["+12125550101 ?", "+212555010102 ?"]],
    ["(212) 555-0101 9-5", US, ["+12125550101 ?", "+212555010195 ?"]],
  ])("%s offers its numbers", (text, country, numbers) => {
    expect(summarize(read(text, country))).toEqual(numbers);
  });

  test.each([
    ["+1 415 555 26711", US],
    ["+1 415 555 267", US],
    ["+1 415 555 26711", DE],
    ["+141555526711", GB],
  ])("%s in %o is too long or too short for its calling code", (text, country) => {
    expect(summarize(read(text, country))).toEqual([]);
  });

  test("of other calling codes the server says what is wrong", () => {
    expect(summarize(read("+442079460958123", US))).toEqual(["+442079460958123"]);
  });

  test("a number is offered once", () => {
    expect(summarize(read("(415) 555-2671, +1 415 555 2671", US))).toEqual(["+14155552671"]);
  });

  test("a number of another country without its plus is asked about", () => {
    expect(summarize(read("442079460958", US))).toEqual(["+442079460958 ?"]);
  });

  test.each([
    ...["", "   ", null, undefined, {}, "hello", "555-1234", "+0555123456", "+", "++15551234567", "12345", "411999"],
    ...["1600 Amphitheatre Parkway, Mountain View", "221B Baker Street, London NW1 6XE", "10 Downing Street"],
    ...["1234 Main St", "+12345678901234567", "2026-11-28", "14:00", `${"9".repeat(50)}`, "1".repeat(5_000), "ext 204"],
  ])("%j has no number", (text) => {
    expect(read(text, US)).toMatchObject({ candidates: [], isEmergency: false });
  });

  test.each(["911", "112", "999", "000", "110", "118", "119", " 9-1-1 ", "tel:911", "+112", "٩١١"])(
    "%s is an emergency number anywhere",
    (text) => {
      for (const country of [US, GB]) expect(read(text, country)).toMatchObject({ candidates: [], isEmergency: true });
    },
  );

  test("a national number has no meaning without a country", () => {
    expect(summarize(read("555123456", undefined)).filter((summary) => !summary.endsWith("?"))).toEqual([]);
    expect(summarize(read("+15551234567", undefined))).toEqual(["+15551234567"]);
  });
});

describe("readNumber with the rules of all countries", () => {
  const read = (text, country) => readNumber(text, country, parseDialled);

  test.each([
    ["4930123456", US, ["+14930123456 ?", "+4930123456 ?"]],
    ["14155552671", GB, ["+14155552671 ?"]],
    ["020 7946 0958", US, []],
    ["*67 415 555 0100", US, ["+14155550100 ?"]],
    ["1234 MAIN", DE, []],
    ["020 7946 0018-20", GB, ["+442079460018 ?"]],
    ["022-2345 6789 / 90", IN, ["+912223456789 ?", "+91222345678990 ?"]],
    ["(0-22) 123-45-67", PL, ["+48221234567"]],
  ])("%s in %o is %j", (text, country, numbers) => {
    expect(summarize(read(text, country))).toEqual(numbers);
  });

  test.each([
    ["(416) 555-2671", US, "CA"],
    ["(876) 555-1234", US, "JM"],
    ["+77012345678", US, "KZ"],
    ["07911 123456", GB, "GG"],
    ["(555) 123-4567", US, null],
    ["+80012345678", US, null],
  ])("%s is a number of a country", (text, country, name) => {
    expect(read(text, country).candidates.map((candidate) => candidate.country)).toEqual([name]);
  });
});

test.each([
  ["\u202a(212)\u00a0555\u20110101\u202c", "(212) 555-0101"],
  ["٠٢٠ ٧٩٤٦ ٠٠١٨", "020 7946 0018"],
  ["＋４４ 20 7946 0018", "+44 20 7946 0018"],
  ["a \t\r\n b", "a\nb"],
  ["½", ""],
])("clean turns %j into %j", (text, cleaned) => {
  expect(clean(text)).toBe(cleaned);
});
