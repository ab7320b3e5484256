/** Names what the phones of one embed token share in a browser: the lock, the channel and the pop-out window. */

/** @import { ExchangeResponse } from "../types.d.ts" */

/**
 * By the token's id, which the server put into the identity (`w_<token id>_<client id>`): two organizations may have the
 * same name, and their pages the same origin.
 * @param {Pick<ExchangeResponse, "identity">} account
 */
export const sharedName = ({ identity }) => `epochphone:${identity.split("_")[1]}`;
