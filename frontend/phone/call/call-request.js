/** Builds the request of a call from a typed number and the page's metadata. */
import { uuid } from "../browser/uuid.js";
import { Problem } from "../errors.js";
import { parseNumber } from "./numbers.js";

/** @import { CallDetails, CallRequest, Environment, ExchangeResponse } from "../types.d.ts" */

const MAX_METADATA_LENGTH = 2_000;

/**
 * Throws Problem if the number or the metadata is not valid.
 * @param {unknown} typed
 * @param {EpochPhoneMetadata | null} metadata
 * @param {ExchangeResponse} account
 * @param {Environment} env
 * @returns {CallRequest}
 */
export function buildCallRequest(typed, metadata, account, { window, now, page = window.location.origin }) {
  const { number, code } = parseNumber(typed, account);
  if (code !== undefined) throw new Problem(code);
  const json = metadata === null ? "" : toJson(metadata);
  if (json.length > MAX_METADATA_LENGTH) throw new Problem("metadata_too_large");
  /** @type {CallDetails} */
  const details = {
    number,
    callId: uuid(window.crypto),
    direction: "outbound",
    from: account.caller_id,
    startedAt: new Date(now()).toISOString(),
    metadata,
  };
  /** @type {Record<string, string>} */
  const params = { To: number, CallId: details.callId, Page: page };
  if (json) params.Metadata = json;
  return { details, params };
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
