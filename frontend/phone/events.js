/** The phone's events: to subscribers, and as `epochphone:<event>` on the window. */
const REPLAYED = ["ready", "error"];

export class Events {
  #listeners = new Map();
  #queue = [];
  #target;
  #remembered = new Map();

  constructor(target) {
    this.#target = target;
  }

  /** Subscribe; returns the way to unsubscribe. What is remembered reaches late subscribers in a task of its own. */
  on(event, listener) {
    if (typeof listener !== "function") return () => {};
    const listeners = this.#of(event);
    const known = listeners.has(listener);
    listeners.add(listener);
    const replayed = this.#remembered.get(event);
    if (replayed && !known) {
      queueMicrotask(() => {
        if (this.#remembered.get(event) === replayed && listeners.has(listener)) call(listener, replayed.payload);
      });
    }
    return () => this.off(event, listener);
  }

  off(event, listener) {
    this.#listeners.get(event)?.delete(listener);
  }

  /**
   * Emit `[event, payload]` pairs in order. The queue is shared by nested calls, so a listener that acts on the phone
   * can never make an event overtake one that was emitted before it.
   */
  emit(...pairs) {
    this.#queue.push(...pairs);
    for (let pair = this.#queue.shift(); pair; pair = this.#queue.shift()) this.#deliver(...pair);
  }

  /** Keep `event` for later subscribers until it is forgotten. */
  remember(event, payload) {
    if (REPLAYED.includes(event)) this.#remembered.set(event, { payload });
  }

  forget(event) {
    this.#remembered.delete(event);
  }

  clear() {
    this.#listeners.clear();
    this.#remembered.clear();
  }

  #of(event) {
    if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
    return this.#listeners.get(event);
  }

  #deliver(event, payload) {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) call(listener, payload);
    try {
      this.#target.dispatchEvent(new CustomEvent(`epochphone:${event}`, { detail: payload ?? null }));
    } catch (error) {
      console.error("[EpochPhone] event listener failed", error);
    }
  }
}

// A page's mistake must never reach the call.
function call(listener, payload) {
  try {
    listener(payload);
  } catch (error) {
    console.error("[EpochPhone] event listener failed", error);
  }
}
