/** Verifies webhooks of Epoch Voice, which are signed as Standard Webhooks describes, and reads their events. */
import { Webhook, WebhookVerificationError } from "standardwebhooks";

export { WebhookVerificationError };

/**
 * One event; the guide about webhooks lists the types and their data.
 * @typedef {object} WebhookEvent
 * @property {string} id The same each time the event is sent: skip an event whose id you have stored.
 * @property {string} type
 * @property {string} created_at RFC 3339, UTC.
 * @property {number} sequence The event's sequence number in the organization. Of two events about a call, the one with
 *   the higher number is newer.
 * @property {string} organization_id
 * @property {Record<string, unknown>} data
 */

/**
 * Verify a request and return its event. Throws WebhookVerificationError if the request is not signed with the secret or is
 * more than five minutes old, and Error if `secret` is not a webhook's secret.
 * @param {string} secret The webhook's secret, `whsec_…`.
 * @param {import("node:http").IncomingHttpHeaders} headers
 * @param {Buffer} body The bytes as they were received.
 * @returns {WebhookEvent}
 */
export function readEvent(secret, headers, body) {
  const textHeaders = /** @type {Record<string, string>} */ (headers);
  return /** @type {WebhookEvent} */ (new Webhook(secret).verify(body, textHeaders));
}
