/**
 * Whose messages reach HubSpot's SDK. It believes any page that frames it, so what comes from elsewhere, or is not a
 * message of its kind, is stopped before it.
 */
const LOOPBACK = ["localhost", "127.0.0.1"];

/** Whether pages at `origin` may steer the phone: `appHosts` exactly, `hosts` with their subdomains. */
export function isTrusted(origin, { appHosts, hosts }) {
  let url;
  try {
    url = new URL(origin);
  } catch {
    return false;
  }
  const { protocol, hostname } = url;
  if (protocol !== "https:" && !(protocol === "http:" && LOOPBACK.includes(hostname))) return false;
  if (appHosts.some((host) => origin === `https://${host}`)) return true;
  return hosts.some((host) => hostname === host || hostname.endsWith(`.${host}`));
}

/** Whether `data` is something the SDK can read; a SYNC may only send answers to a page that is trusted too. */
export function isMessage(data, trust) {
  if (typeof data !== "object" || data === null || typeof data.type !== "string") return false;
  return data.hostUrl === undefined || (typeof data.hostUrl === "string" && isTrusted(data.hostUrl, trust));
}

/** Let only messages of the page that frames us through, if it is trusted. Must run before the SDK is made. */
export function guard(window, trust) {
  window.addEventListener(
    "message",
    (event) => {
      const wanted = event.source === window.parent && isTrusted(event.origin, trust) && isMessage(event.data, trust);
      if (!wanted) event.stopImmediatePropagation();
    },
    true,
  );
}
