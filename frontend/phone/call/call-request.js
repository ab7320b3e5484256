/** Builds the request of a call from a typed number and what the page says about the call. */
import { uuid } from "../browser/uuid.js";
import { Problem } from "../errors.js";
import { calledPerson, withoutEmpty } from "./called-person.js";

/** @import { CallDetails, CallRequest, Environment, ExchangeResponse, NumberReading } from "../types.d.ts" */

const MAX_METADATA_LENGTH = 2_000;

/**
 * Throws Problem if it is not clear which number is meant, or if the number, the metadata or the url is not valid.
 * @param {NumberReading} reading Of the text that is to be called.
 * @param {EpochPhoneCallOptions} options
 * @param {ExchangeResponse} account
 * @param {Environment} env
 * @returns {CallRequest}
 */
export function buildCallRequest(reading, options, account, { window, now, page = window.location.origin }) {
  const { metadata = null } = options;
  const { number } = numberOf(reading, options);
  const json = metadata === null ? "" : toJson(metadata);
  if (json.length > MAX_METADATA_LENGTH) throw new Problem("metadata_too_large");
  const person = calledPerson(options, window.location.href);
  /** @type {CallDetails} */
  const details = {
    number,
    callId: uuid(window.crypto),
    direction: "outbound",
    from: account.caller_id,
    startedAt: new Date(now()).toISOString(),
    metadata,
    ...person,
  };
  const { name: Name, company: Company, url: Url } = person;
  const optional = withoutEmpty({ Metadata: json, Name, Company, Url });
  return { details, params: { To: number, CallId: details.callId, Page: page, ...optional } };
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
    throw new Problem("ambiguous_number", { details: { candidates, options } });
  }
  return candidate;
}

/** @param {EpochPhoneMetadata} metadata */
function toJson(metadata) {
  let json;
  try {
    json = JSON.stringify(metadata);
  } catch {
    // Circular, or a BigInt: refused below, like what JSON leaves out.
  }
  if (json === undefined) throw new Problem("metadata_invalid");
  return json;
}
