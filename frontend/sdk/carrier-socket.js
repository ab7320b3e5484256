import { WebSocket } from "../phone/browser/pristine-globals.js";

/**
 * The voice SDK's WebSocket. The SDK speaks wss only; a sandbox carrier on loopback speaks ws and is named
 * `<host>-<port>.sandbox.invalid`. The suffix `.invalid` is reserved, so no real address is ever rewritten. The build
 * injects this class; no global changes.
 */
export class CarrierSocket extends WebSocket {
  /**
   * @param {string | URL} url
   * @param {string | string[]} [protocols]
   */
  constructor(url, protocols) {
    super(String(url).replace(/^wss:\/\/([\w.-]+)-(\d+)\.sandbox\.invalid\//, "ws://$1:$2/"), protocols);
  }
}
