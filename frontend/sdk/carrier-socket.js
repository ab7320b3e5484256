import { WebSocket } from "../phone/browser/pristine-globals.js";

/**
 * The voice SDK's WebSocket. The SDK speaks wss only; a sandbox carrier on loopback speaks ws. The phone gives the SDK the
 * host name `<host>-<port>.sandbox.invalid`, which this class turns into `ws://<host>:<port>`. The suffix `.invalid` is
 * reserved, so no real URL is ever rewritten. The build injects this class into the SDK; no global changes.
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
