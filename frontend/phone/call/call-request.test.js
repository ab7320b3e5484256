/** Checks the request that is built for a call: extension, tones, the number that the call shows. */
import { expect, test } from "vitest";
import { EXCHANGE_RESPONSE, fakeEnvironment } from "../../tests/support/fakes.js";
import { readNumber } from "../numbers/read-number.js";
import { buildCallRequest } from "./call-request.js";

const build = (text, options = {}) =>
  buildCallRequest(readNumber(text, EXCHANGE_RESPONSE), options, EXCHANGE_RESPONSE, fakeEnvironment({}));

test.each([
  ["tel:+1-415-555-2671;ext=204", "204", ""],
  ["(415) 555-2671 x204", "204", ""],
  ["(415) 555-2671 ext. 204", "204", ""],
  ["+14155552671,,204#", undefined, ",,204#"],
  ["+14155552671;204", undefined, ";204"],
  ["+14155552671pp204w5", undefined, ",,204;5"],
  ["+1 415-555-2671 x204,,9#", "204", ",,9#"],
])("%s is dialled without what follows the answer", (text, extension, digits) => {
  const request = build(text);
  expect([request.params.To, request.details.number]).toEqual(["+14155552671", "+14155552671"]);
  expect([request.params.Extension, request.details.extension, request.digits]).toEqual([extension, extension, digits]);
});

test("an option takes the place of what is written", () => {
  const request = build("+1 415-555-2671 x204,1", { extension: "7" });
  expect([request.details.extension, request.digits]).toEqual(["7", ",1"]);
});

test("the numbers that a person is asked about have the extension that the page gave", () => {
  const metadata = { lead: 1 };
  const options = { extension: 7, digits: "p1", metadata };
  let problem;
  try {
    build("(415) 555-2671 or (212) 555-0101", options);
  } catch (error) {
    problem = error;
  }
  expect(problem.code).toBe("ambiguous_number");
  expect(problem.details.options).toEqual({ metadata });
  expect(problem.details.candidates.map(({ number, extension, digits }) => [number, extension, digits])).toEqual([
    ["+14155552671", "7", ",1"],
    ["+12125550101", "7", ",1"],
  ]);
});

test("a call shows one of the numbers that the token may show, and no other", () => {
  const [first, second] = ["+14155550100", "+12125550100"];
  const exchangeResponse = {
    ...EXCHANGE_RESPONSE,
    caller_id: first,
    from_numbers: [first, second].map((number) => ({ number, name: "" })),
  };
  const shown = (options, given = exchangeResponse) => {
    const { details, params } = buildCallRequest(
      readNumber("+14155552671", given),
      options,
      given,
      fakeEnvironment({}),
    );
    return [details.from, params.FromNumber];
  };
  expect(shown({})).toEqual([first, undefined]);
  expect(shown({ from: null })).toEqual([first, undefined]);
  expect(shown({ from: second })).toEqual([second, second]);
  for (const from of ["+14155550199", "(212) 555-0100", 12125550100, {}, ["+12125550100"]]) {
    expect(() => shown({ from })).toThrow("This number cannot be used");
  }
});
