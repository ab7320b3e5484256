/** Makes the name that the phones of one embed token share in a browser, for their lock, channel and pop-out window. */

/** @import { ExchangeResponse } from "../types.d.ts" */

/**
 * The name has the token's id, which is in the identity (`w_<token id>_<client id>`). The organization's name would not
 * do: two organizations with the same name can use the same origin.
 * @param {Pick<ExchangeResponse, "identity">} exchangeResponse
 */
export const sharedName = ({ identity }) => `epochphone:${identity.split("_")[1]}`;
