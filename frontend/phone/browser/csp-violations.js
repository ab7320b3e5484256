/**
 * Records what the page's Content-Security-Policy blocks, and gives advice on which source to add to which directive.
 */

/**
 * @typedef {{uri: string, directive: string}} Violation
 * @typedef {{fix: string, details: {cause: "policy", source: string, directive: string}}} PolicyAdvice For a Problem.
 */

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
   * The advice that unblocks `url`; undefined if it was not blocked.
   * @param {string} url
   */
  adviceFor(url) {
    const violation = this.#violations.find(({ uri }) => hasSameOrigin(uri, url));
    return violation && adviceAbout(violation);
  }

  /**
   * Call `onBlocked(advice)` when a WebSocket to the carrier is blocked. `host` is the sandbox carrier's `host:port`;
   * null means Twilio. Returns a function that ends the watch.
   * @param {string | null} host
   * @param {(advice: PolicyAdvice) => void} onBlocked
   */
  watchSockets(host, onBlocked) {
    /** @param {Violation} violation */
    const listener = (violation) => {
      const url = new URL(violation.uri);
      const isCarrier = host ? url.host === host : url.hostname.endsWith(".twilio.com");
      if (isCarrier && /^wss?:$/.test(url.protocol)) onBlocked(adviceAbout(violation));
    };
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/**
 * @param {string} first
 * @param {string} second
 */
function hasSameOrigin(first, second) {
  try {
    return new URL(first).origin === new URL(second).origin;
  } catch {
    return false;
  }
}

/**
 * @param {Violation} violation
 * @returns {PolicyAdvice}
 */
function adviceAbout({ uri, directive }) {
  const { protocol, host } = new URL(uri);
  const source = `${protocol}//${host}`;
  const fix = `Add ${source} to ${directive} in this page's Content-Security-Policy.`;
  return { fix, details: { cause: "policy", source, directive } };
}
