/**
 * Builds the request for an outgoing call from the number that was found in a text and from the call's options. Refuses
 * emergency numbers, a text that may mean several numbers, and invalid options.
 */
import { uuid } from "../browser/uuid.js";
import { Problem } from "../errors.js";
import { calledPerson, withoutEmpty } from "./called-person.js";
import { readMetadata } from "./metadata.js";
import { readTones } from "./tone-options.js";

/** @import { CallDetails, CallRequest, Environment, ExchangeResponse, NumberReading } from "../types.d.ts" */

/**
 * Throws Problem if it is not clear which number is meant, or if the number or an option is not valid.
 * @param {NumberReading} reading Of the text that is to be called.
 * @param {EpochPhoneCallOptions} options
 * @param {ExchangeResponse} exchangeResponse
 * @param {Environment} env
 * @returns {CallRequest}
 */
export function buildCallRequest(
  reading,
  options,
  exchangeResponse,
  { window, now, pageOrigin = window.location.origin },
) {
  const { number, ...tonesOfText } = chooseCandidate(reading, options);
  const { extension, digits } = readTones(options, tonesOfText);
  const { metadata, json } = readMetadata(options.metadata);
  const { from } = options;
  if (from && !exchangeResponse.from_numbers?.some(({ number: shown }) => shown === from))
    throw new Problem("from_not_allowed");
  const person = calledPerson(options, window.location.href);
  /** @type {CallDetails} */
  const details = {
    number,
    callId: uuid(window.crypto),
    direction: "outbound",
    from: from || exchangeResponse.caller_id,
    startedAt: new Date(now()).toISOString(),
    metadata,
    ...person,
    ...withoutEmpty({ extension }),
  };
  const { name: Name, company: Company, url: Url } = person;
  const optional = withoutEmpty({ Metadata: json, Name, Company, Url, Extension: extension, FromNumber: from });
  return { details, params: { To: number, CallId: details.callId, Page: pageOrigin, ...optional }, digits };
}

/**
 * The only number that a text can mean.
 * @param {NumberReading} reading
 * @param {EpochPhoneCallOptions} options Of the call. They are in the problem's details, for the call to the number
 *   that a person chooses.
 */
function chooseCandidate({ candidates, isEmergency }, options) {
  if (isEmergency) throw new Problem("emergency_number");
  const [candidate] = candidates;
  if (!candidate) throw new Problem("invalid_number");
  if (candidates.length > 1 || candidate.isDoubtful) {
    // The panel writes the extension and the digits into its field and reads them from there again.
    const { extension: _, digits: __, ...otherOptions } = options;
    const shown = candidates.map((each) => ({ ...each, ...readTones(options, each) }));
    throw new Problem("ambiguous_number", { details: { candidates: shown, options: otherOptions } });
  }
  return candidate;
}
