/** Tells which problems a call meets again until somebody changes something. */

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
 * True if the same call fails again until somebody changes something.
 * @param {Problem} problem
 */
export const isLasting = ({ code, details, isLasting: isSaid }) =>
  isSaid ?? (REJECTIONS.has(code) || LIMIT.test(details.limit));
