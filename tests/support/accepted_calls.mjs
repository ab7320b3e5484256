/**
 * Prints calls that phone.js accepts, one JSON line each: the call in its events, and the parameters that the carrier
 * passes on to the server. First each character of Latin-1 in each part of a URL, then random options. The first
 * argument is the seed.
 */
import { Problem } from "../../frontend/phone/errors.js";
import { buildCallRequest } from "../../frontend/phone/call/call-request.js";
import { readNumber } from "../../frontend/phone/numbers/read-number.js";

const account = { country: "US", calling_code: "1", trunk_prefix: "1", international_prefix: "011" };
const page = "https://crm.example/deals/1";
const env = { window: { crypto: globalThis.crypto, location: { origin: page, href: page } }, now: Date.now };
const CHARACTERS = [
  ..."aZ09 *#,;.-+\\\"'`<>&%|^{}[]/:?@=\t\n\r\0\b\x1b\x7f\x85\xa0ß中\u0301\u200b\u2028\u202e\u2066\ufeff\ufffd\uffff",
  "\u{1f4de}",
  "\u{10ffff}",
  "\ud83d",
  "\udc00",
  "\\u0000",
  "\\",
];
const NUMBERS = [0, -0, 1, -1.5, 1e21, 1e300, 5e-324, 2 ** 53, 0.1 + 0.2, Number.NaN, Number.POSITIVE_INFINITY];
const ODD = [undefined, null, true, "", [], {}, new Date(0), () => {}, Symbol("s"), 10n, new Map([[1, 2]]), Object.create(null)];

let state = Number(process.argv[2]) >>> 0;
/** A whole number below `limit`. */
function below(limit) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
}
const oneOf = (values) => values[below(values.length)];
const text = (longest) => Array.from({ length: below(longest) }, () => oneOf(CHARACTERS)).join("");

function value(depth) {
  const kind = below(12);
  if (kind < 4) return text(12);
  if (kind < 7) return oneOf(NUMBERS);
  if (kind < 8) return oneOf(ODD);
  if (depth === 0) return null;
  if (kind < 10) return Array.from({ length: below(4) }, () => value(depth - 1));
  return object(depth - 1);
}
const object = (depth) => Object.fromEntries(Array.from({ length: below(4) }, () => [text(6), value(depth)]));
function nested(depth) {
  const inner = depth ? nested(depth - 1) : 1;
  return below(2) ? { inner } : [inner];
}
const address = () =>
  oneOf(["https://crm.example/", "http://a.example:0/", "https://münchen.example:8443/", "/", "?", "javascript:", ""]) +
  text(oneOf([10, 10, 1_100]));
const options = () => ({
  metadata: oneOf([() => object(3), () => value(2), () => ({ deep: nested(below(40)) }), () => ({ note: text(2_100) })])(),
  name: oneOf([() => text(20), () => text(300), () => oneOf(ODD)])(),
  company: text(20),
  url: address(),
  extension: oneOf([() => undefined, () => below(1_000), () => text(4), () => "1*#".repeat(below(9))])(),
  digits: oneOf(["", ",,1;2", "p1w2"]),
});

/** @param {object} given */
function printIfAccepted(given) {
  try {
    const { details, params } = buildCallRequest(readNumber("+12125550123", account), given, account, env);
    console.log(JSON.stringify({ details, params }));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
}

for (let code = 0; code < 256; code += 1) {
  const character = String.fromCharCode(code);
  for (const [before, after] of [
    ["https://", "/"],
    ["https://a", ".example/"],
    ["https://a.example", "/"],
    ["https://a.example:", "80/"],
    ["https://a.example/", ""],
    ["https://a.example/?", ""],
    ["https://a.example/#", ""],
    ["", ""],
  ])
    printIfAccepted({ url: before + character + after });
}
for (let count = 0; count < 20_000; count += 1) printIfAccepted(options());
