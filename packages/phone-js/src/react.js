"use client";
/** React: a provider that runs the phone while it is mounted, and hooks for the components below it. */
import { createContext, createElement, useContext, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { PhoneStore } from "./store.js";

/** @import { EpochPhoneEvents, EpochPhoneListener } from "./phone-types.js" */
/** @import { PhoneOptions, PhoneSnapshot } from "./store.js" */
/** @import { ReactElement, ReactNode } from "react" */

/** @type {import("react").Context<PhoneStore | null>} */
const StoreContext = createContext(/** @type {PhoneStore | null} */ (null));

/**
 * Runs the phone for the components below it. Changed `settings` take effect at once, also in a call; a changed `src`,
 * `token` or `settings.apiBase` ends a call and starts the phone again. A page has one provider, above the router.
 * @param {PhoneOptions & {children?: ReactNode}} props
 * @returns {ReactElement}
 */
export function EpochPhoneProvider({ children, ...options }) {
  const [store] = useState(() => new PhoneStore(options));
  const { src, token, settings } = options;
  const settingsKey = JSON.stringify(settings);
  // Before the effect that starts the phone with the store's options.
  useEffect(() => store.update(options), [store, src, token, settingsKey]);
  useEffect(() => {
    // If it fails, the snapshot has the `error`.
    store.start().catch(() => {});
    return store.stop;
  }, [store, src, token, settings?.apiBase]);
  return createElement(StoreContext.Provider, { value: store }, children);
}

/** @returns {PhoneStore} */
function useStore() {
  const store = useContext(StoreContext);
  if (!store) throw new Error("useEpochPhone() needs <EpochPhoneProvider> above the component");
  return store;
}

/**
 * Returns the phone and its state; the component is rendered again when they change.
 * @returns {PhoneSnapshot}
 */
export function useEpochPhone() {
  const store = useStore();
  return useSyncExternalStore(store.subscribe, store.getSnapshot, store.getServerSnapshot);
}

/**
 * Call `listener` with each `event` while the component is mounted. `listener` may be a new function in each rendering.
 * @template {keyof EpochPhoneEvents} Name
 * @param {Name} event
 * @param {EpochPhoneListener<Name>} listener
 * @returns {void}
 */
export function useEpochPhoneEvent(event, listener) {
  const store = useStore();
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => store.on(event, (payload) => latest.current(payload)), [store, event]);
}
