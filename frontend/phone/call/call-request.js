/** Builds the request of a call from a typed number and what the page says about the call. */
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
 * @param {ExchangeResponse} account
 * @param {Environment} env
 * @returns {CallRequest}
 */
export function buildCallRequest(reading, options, account, { window, now, page = window.location.origin }) {
  const { number, ...written } = numberOf(reading, options);
  const { extension, digits } = readTones(options, written);
  const { metadata, json } = readMetadata(options.metadata);
  const { from } = options;
  if (from && !account.from_numbers?.some((one) => one.number === from)) throw new Problem("from_not_allowed");
  const person = calledPerson(options, window.location.href);
  /** @type {CallDetails} */
  const details = {
    number,
    callId: uuid(window.crypto),
    direction: "outbound",
    from: from || account.caller_id,
    startedAt: new Date(now()).toISOString(),
    metadata,
    ...person,
    ...withoutEmpty({ extension }),
  };
  const { name: Name, company: Company, url: Url } = person;
  const optional = withoutEmpty({ Metadata: json, Name, Company, Url, Extension: extension, FromNumber: from });
  return { details, params: { To: number, CallId: details.callId, Page: page, ...optional }, digits };
}

/**
 * The one number that a text means.
 * @param {NumberReading} reading
 * @param {EpochPhoneCallOptions} options Of the call, which is placed with them once a person has chosen the number.
 */
function numberOf({ candidates, isEmergency }, options) {
  if (isEmergency) throw new Problem("emergency_number");
  const [candidate] = candidates;
  if (!candidate) throw new Problem("invalid_number");
  if (candidates.length > 1 || candidate.isDoubtful) {
    // The panel shows the extension and the digits in its field, from which they are read once more.
    const { extension: _, digits: __, ...others } = options;
    const shown = candidates.map((one) => ({ ...one, ...readTones(options, one) }));
    throw new Problem("ambiguous_number", { details: { candidates: shown, options: others } });
  }
  return candidate;
}
