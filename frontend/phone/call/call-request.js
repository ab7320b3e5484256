/** Builds the request of a call from a typed number and what the page says about the call. */
import { uuid } from "../browser/uuid.js";
import { Problem } from "../errors.js";
import { calledPerson, withoutEmpty } from "./called-person.js";
import { parseNumber } from "./numbers.js";

/** @import { CallDetails, CallRequest, Environment, ExchangeResponse } from "../types.d.ts" */

const MAX_METADATA_LENGTH = 2_000;

/**
 * Throws Problem if the number, the metadata or the url is not valid.
 * @param {unknown} typed
 * @param {EpochPhoneCallOptions} options
 * @param {ExchangeResponse} account
 * @param {Environment} env
 * @returns {CallRequest}
 */
export function buildCallRequest(typed, options, account, { window, now, page = window.location.origin }) {
  const { metadata = null } = options;
  const { number, code } = parseNumber(typed, account);
  if (code !== undefined) throw new Problem(code);
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
