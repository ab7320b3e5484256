import { WebSocket } from "../phone/browser/pristine-globals.js";

/**
 * The SDK only speaks wss. A sandbox on loopback speaks ws, and is named `<host>-<port>.sandbox.invalid`:
 * `.invalid` is reserved, so no real address is ever rewritten. Injected at build time, no global is touched.
 */
export class CarrierSocket extends WebSocket {
  constructor(url, protocols) {
    super(String(url).replace(/^wss:\/\/([\w.-]+)-(\d+)\.sandbox\.invalid\//, "ws://$1:$2/"), protocols);
  }
}
