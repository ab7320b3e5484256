/** Remembers what the page's Content-Security-Policy blocked, to say exactly what to add. */
export class Policy {
  #blocked = [];
  #watchers = new Set();

  constructor(document) {
    document.addEventListener("securitypolicyviolation", (event) => {
      if (event.disposition !== "enforce" || !/^(https?|wss?):/.test(event.blockedURI)) return;
      const violation = { uri: event.blockedURI, directive: event.effectiveDirective.replace(/-(elem|attr)$/, "") };
      this.#blocked.push(violation);
      for (const watcher of [...this.#watchers]) watcher(violation);
    });
  }

  /** What to add so that `url` is no longer blocked, or undefined when it was not. */
  fixFor(url) {
    const violation = this.#blocked.find(({ uri }) => sameServer(uri, url));
    return violation && sentence(violation);
  }

  /** Call `blocked(fix)` when a socket is blocked from now on; returns the way to stop. */
  watchSockets(blocked) {
    const watcher = (violation) => {
      if (/^wss?:/.test(violation.uri)) blocked(sentence(violation));
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
