/**
 * Lets only messages of trusted pages reach HubSpot's SDK, and only those in the SDK's format. The SDK itself accepts
 * messages of any page that frames it.
 */
const LOOPBACK_HOSTS = ["localhost", "127.0.0.1"];

/**
 * @typedef {object} TrustedHosts
 * @property {string[]} appHosts Exact hosts.
 * @property {string[]} hosts Hosts that are trusted with all their subdomains.
 */

/**
 * True if pages of `origin` may control the phone.
 * @param {string} origin
 * @param {TrustedHosts} trusted
 */
export function isTrusted(origin, { appHosts, hosts }) {
  let url;
  try {
    url = new URL(origin);
  } catch {
    return false;
  }
  const { protocol, hostname } = url;
  if (protocol !== "https:" && !(protocol === "http:" && LOOPBACK_HOSTS.includes(hostname))) return false;
  if (appHosts.some((host) => origin === `https://${host}`)) return true;
  return hosts.some((host) => hostname === host || hostname.endsWith(`.${host}`));
}

/**
 * True if `data` is a message for the SDK. A SYNC message names the page that gets the answers, which must be trusted.
 * @param {unknown} data
 * @param {TrustedHosts} trusted
 */
export function isSdkMessage(data, trusted) {
  if (typeof data !== "object" || data === null) return false;
  const { type, hostUrl } = /** @type {{type?: unknown, hostUrl?: unknown}} */ (data);
  if (typeof type !== "string") return false;
  return hostUrl === undefined || (typeof hostUrl === "string" && isTrusted(hostUrl, trusted));
}

/**
 * Let through only messages of the parent page, if it is trusted. Must run before the SDK is created.
 * @param {Window} window
 * @param {TrustedHosts} trusted
 */
export function guardMessages(window, trusted) {
  window.addEventListener(
    "message",
    (event) => {
      const isFromParent = event.source === window.parent && isTrusted(event.origin, trusted);
      if (!isFromParent || !isSdkMessage(event.data, trusted)) event.stopImmediatePropagation();
    },
    true,
  );
}
