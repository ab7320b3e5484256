/** What is to be dialled, from what a person typed or a page passed. */
import { Problem } from "../errors.js";
import { parseNumber } from "./numbers.js";
import { uuid } from "../browser/uuid.js";

const LONGEST_METADATA = 2_000;

/**
 * `{details, params}`: what the page is told of the call, and what the carrier is sent. `account` is the exchange's
 * answer. Raises Problem where the number or the metadata is at fault.
 */
export function orderOf(typed, metadata, account, { window, now, page = window.location.origin }) {
  const { number, code } = parseNumber(typed, account);
  if (code) throw new Problem(code);
  const written = metadata === null ? "" : write(metadata);
  if (written.length > LONGEST_METADATA) throw new Problem("metadata_too_large");
  const details = {
    number,
    callId: uuid(window.crypto),
    direction: "outbound",
    from: account.caller_id,
    startedAt: new Date(now()).toISOString(),
    metadata,
  };
  const params = { To: number, CallId: details.callId, Page: page };
  if (written) params.Metadata = written;
  return { details, params };
}

function write(metadata) {
  let written;
  try {
    written = JSON.stringify(metadata);
  } catch {
    // Circular, or a BigInt: told below, like what JSON leaves out.
  }
  if (written === undefined) throw new Problem("metadata_invalid");
  return written;
}
