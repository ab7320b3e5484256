/** Records what the page's Content-Security-Policy blocks, and words which source to add to which directive. */

/** @typedef {{uri: string, directive: string}} Violation */

export class CSPViolations {
  /** @type {Violation[]} */
  #violations = [];
  /** @type {Set<(violation: Violation) => void>} */
  #listeners = new Set();

  /** @param {Document} document */
  constructor(document) {
    try {
      document.addEventListener("securitypolicyviolation", (event) => {
        if (event.disposition !== "enforce" || !/^(https?|wss?):/.test(event.blockedURI)) return;
        const violation = { uri: event.blockedURI, directive: event.effectiveDirective.replace(/-(elem|attr)$/, "") };
        this.#violations.push(violation);
        for (const listener of [...this.#listeners]) listener(violation);
      });
    } catch {
      // Lightning Web Security does not let its components listen to this event.
    }
  }

  /**
   * The entry to add to the policy so that `url` is no longer blocked; undefined if it was not.
   * @param {string} url
   */
  fixFor(url) {
    const violation = this.#violations.find(({ uri }) => hasSameOrigin(uri, url));
    return violation && wordFix(violation);
  }

  /**
   * Call `blocked(fix)` when a WebSocket to the carrier is blocked. `host` is the sandbox carrier's `host:port`; null means
   * Twilio. Returns a function that stops it.
   * @param {string | null} host
   * @param {(fix: string) => void} blocked
   */
  watchSockets(host, blocked) {
    /** @param {Violation} violation */
    const listener = (violation) => {
      const url = new URL(violation.uri);
      const isCarrier = host ? url.host === host : url.hostname.endsWith(".twilio.com");
      if (isCarrier && /^wss?:$/.test(url.protocol)) blocked(wordFix(violation));
    };
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/**
 * @param {string} one
 * @param {string} other
 */
function hasSameOrigin(one, other) {
  try {
    return new URL(one).origin === new URL(other).origin;
  } catch {
    return false;
  }
}

/** @param {Violation} violation */
function wordFix({ uri, directive }) {
  const { protocol, host } = new URL(uri);
  return `Add ${protocol}//${host} to ${directive} in this page's Content-Security-Policy.`;
}
