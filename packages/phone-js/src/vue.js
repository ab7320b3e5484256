/** Vue: a composable that runs the phone while a component is mounted, and provides it to the components below. */
import {
  computed,
  getCurrentScope,
  inject,
  onBeforeUnmount,
  onMounted,
  onScopeDispose,
  provide,
  shallowRef,
  toValue,
  watch,
} from "vue";
import { PhoneStore } from "./store.js";

/** @import { ComputedRef, InjectionKey, MaybeRefOrGetter } from "vue" */
/** @import { PhoneOptions, PhoneSnapshot } from "./store.js" */

/**
 * @typedef {{[Name in keyof PhoneSnapshot]: ComputedRef<PhoneSnapshot[Name]>} & {on: PhoneStore["on"]}} EpochPhoneRefs
 *   `on`: as `EpochPhone.on()`; a subscription that a component makes in its setup ends with the component.
 */

/** @type {InjectionKey<EpochPhoneRefs>} */
const PHONE_KEY = Symbol("epoch phone");

/**
 * With `options` the phone runs while the component is mounted; components below it call `useEpochPhone()` without
 * options. Changed `settings` take effect at once, also in a call; a changed `src`, `token` or `settings.apiBase` ends
 * a call and starts the phone again.
 * @param {MaybeRefOrGetter<PhoneOptions>} [options]
 * @returns {EpochPhoneRefs}
 */
export function useEpochPhone(options) {
  if (options === undefined) {
    const inherited = inject(PHONE_KEY, null);
    if (!inherited) throw new Error("useEpochPhone() needs useEpochPhone(options) in a component above");
    return inherited;
  }
  const store = new PhoneStore(toValue(options));
  const snapshot = shallowRef(store.getSnapshot());
  store.subscribe(() => (snapshot.value = store.getSnapshot()));
  // If it fails, the snapshot has the `error`.
  const start = () => void store.start().catch(() => {});
  let isMounted = false;
  onMounted(() => {
    isMounted = true;
    start();
  });
  onBeforeUnmount(store.stop);
  const sessionKey = () => {
    const { src, token, settings } = toValue(options);
    return JSON.stringify([src, token, settings?.apiBase]);
  };
  let startedSessionKey = sessionKey();
  watch(
    () => toValue(options),
    (newOptions) => {
      store.update(newOptions);
      if (!isMounted || sessionKey() === startedSessionKey) return;
      startedSessionKey = sessionKey();
      store.stop();
      start();
    },
    { deep: true },
  );
  /** @type {PhoneStore["on"]} */
  const on = (event, listener) => {
    const unsubscribe = store.on(event, listener);
    if (getCurrentScope()) onScopeDispose(unsubscribe);
    return unsubscribe;
  };
  const refs = {
    phone: computed(() => snapshot.value.phone),
    state: computed(() => snapshot.value.state),
    isReady: computed(() => snapshot.value.isReady),
    call: computed(() => snapshot.value.call),
    isMuted: computed(() => snapshot.value.isMuted),
    error: computed(() => snapshot.value.error),
    on,
  };
  provide(PHONE_KEY, refs);
  return refs;
}
