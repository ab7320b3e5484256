/** Delivers the phone's events to subscribers, and as `epochphone:<event>` to the window. */

/**
 * @typedef {keyof EpochPhoneEvents} EventName
 * @typedef {[event: EventName, payload?: EpochPhoneEvents[EventName]]} EventPair
 * @typedef {(payload: any) => void} Listener The payload's type follows from the event's name.
 */

const REPLAYED_EVENTS = ["ready", "error"];

export class PhoneEvents {
  /** @type {Map<string, Set<Listener>>} */
  #listeners = new Map();
  /** @type {EventPair[]} */
  #queue = [];
  /** @type {EventTarget} */
  #target;
  /** @type {Map<string, {payload: EpochPhoneEvents[EventName]}>} */
  #remembered = new Map();

  /** @param {EventTarget} target The window. */
  constructor(target) {
    this.#target = target;
  }

  /**
   * Subscribe; returns a function that unsubscribes. A remembered event is delivered to the new listener in a
   * microtask.
   * @param {EventName} event
   * @param {Listener} listener
   */
  on(event, listener) {
    if (typeof listener !== "function") return () => {};
    const listeners = this.#listenersOf(event);
    const isSubscribed = listeners.has(listener);
    listeners.add(listener);
    const remembered = this.#remembered.get(event);
    if (remembered && !isSubscribed) {
      queueMicrotask(() => {
        if (this.#remembered.get(event) === remembered && listeners.has(listener)) notify(listener, remembered.payload);
      });
    }
    return () => this.off(event, listener);
  }

  /**
   * @param {EventName} event
   * @param {Listener} listener
   */
  off(event, listener) {
    this.#listeners.get(event)?.delete(listener);
  }

  /**
   * Deliver events in order. Events that a listener causes are delivered after those that were emitted before.
   * @param {EventPair[]} events
   */
  emit(...events) {
    this.#queue.push(...events);
    for (let pair = this.#queue.shift(); pair; pair = this.#queue.shift()) this.#deliver(...pair);
  }

  /**
   * Replay `event` to later subscribers, until forget() is called. Only for REPLAYED_EVENTS.
   * @param {EventName} event
   * @param {EpochPhoneEvents[EventName]} [payload]
   */
  remember(event, payload) {
    if (REPLAYED_EVENTS.includes(event)) this.#remembered.set(event, { payload });
  }

  /** @param {EventName} event */
  forget(event) {
    this.#remembered.delete(event);
  }

  clear() {
    this.#listeners.clear();
    this.#remembered.clear();
  }

  /** @param {EventName} event */
  #listenersOf(event) {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    return listeners;
  }

  /**
   * @param {EventName} event
   * @param {EpochPhoneEvents[EventName]} [payload]
   */
  #deliver(event, payload) {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) notify(listener, payload);
    try {
      this.#target.dispatchEvent(new CustomEvent(`epochphone:${event}`, { detail: payload ?? null }));
    } catch (error) {
      console.error("[EpochPhone] event listener failed", error);
    }
  }
}

/**
 * Call `listener`, and log an error that it throws.
 * @param {Listener} listener
 * @param {EpochPhoneEvents[EventName]} payload
 */
function notify(listener, payload) {
  try {
    listener(payload);
  } catch (error) {
    console.error("[EpochPhone] event listener failed", error);
  }
}
