/** Remembers what the page's Content-Security-Policy blocked, to say exactly what to add. */
export class Policy {
  #blocked = [];
  #watchers = new Set();

  constructor(document) {
    const remember = (event) => {
      if (event.disposition !== "enforce" || !/^(https?|wss?):/.test(event.blockedURI)) return;
      const violation = { uri: event.blockedURI, directive: event.effectiveDirective.replace(/-(elem|attr)$/, "") };
      this.#blocked.push(violation);
      for (const watcher of [...this.#watchers]) watcher(violation);
    };
    try {
      document.addEventListener("securitypolicyviolation", remember);
    } catch {
      // Lightning Web Security does not let its components hear of it.
    }
  }

  /** What to add so that `url` is no longer blocked, or undefined when it was not. */
  fixFor(url) {
    const violation = this.#blocked.find(({ uri }) => sameServer(uri, url));
    return violation && sentence(violation);
  }

  /** Call `blocked(fix)` when the socket to the carrier (`host:port`, or Twilio) is blocked; returns the way to stop. */
  watchSockets(host, blocked) {
    const watcher = (violation) => {
      const url = new URL(violation.uri);
      const ours = host ? url.host === host : url.hostname.endsWith(".twilio.com");
      if (ours && /^wss?:$/.test(url.protocol)) blocked(sentence(violation));
    };
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}

function sameServer(one, other) {
  try {
    return new URL(one).origin === new URL(other).origin;
  } catch {
    return false;
  }
}

function sentence({ uri, directive }) {
  const { protocol, host } = new URL(uri);
  return `Add ${protocol}//${host} to ${directive} in this page's Content-Security-Policy.`;
}
