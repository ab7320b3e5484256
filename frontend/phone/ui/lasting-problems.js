/** Decides whether a problem is lasting: calling the same number again fails until somebody changes a rule or an account. */

/** @import { Problem } from "../errors.js" */

const REJECTIONS = new Set([
  "country_not_enabled",
  "destination_not_allowed",
  "emergency_number",
  "invalid_number",
  "no_phone_number",
  "number_blocked",
  "organization_suspended",
  "plan_not_supported",
]);
const LIMIT = /_per_(?:day|month)/;

/**
 * True if the same call fails again until somebody changes something, such as the calling rules, the plan or the number.
 * @param {Problem} problem
 */
export const isLasting = ({ code, details, isLasting: isSetByServer }) =>
  isSetByServer ?? (REJECTIONS.has(code) || LIMIT.test(details.limit));
