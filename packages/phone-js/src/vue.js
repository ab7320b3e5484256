/** Vue: a composable that starts the phone from a component's mount to its unmount. */
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
 *   `on`: as `EpochPhone.on()`; a subscription of a component's setup ends with the component.
 */

/** @type {InjectionKey<EpochPhoneRefs>} */
const KEY = Symbol("epoch phone");

/**
 * With `options` the phone runs while the component is mounted, and the components below it may call `useEpochPhone()`.
 * Other `settings` are used at once, also in a call; another `src`, `token` or `settings.apiBase` ends a call and starts
 * anew.
 * @param {MaybeRefOrGetter<PhoneOptions>} [options]
 * @returns {EpochPhoneRefs}
 */
export function useEpochPhone(options) {
  if (options === undefined) {
    const above = inject(KEY, null);
    if (!above) throw new Error("useEpochPhone() needs useEpochPhone(options) in a component above");
    return above;
  }
  const store = new PhoneStore(toValue(options));
  const snapshot = shallowRef(store.getSnapshot());
  store.subscribe(() => (snapshot.value = store.getSnapshot()));
  // The snapshot's `error` has a failure.
  const start = () => void store.start().catch(() => {});
  let isMounted = false;
  onMounted(() => {
    isMounted = true;
    start();
  });
  onBeforeUnmount(store.stop);
  const session = () => {
    const { src, token, settings } = toValue(options);
    return JSON.stringify([src, token, settings?.apiBase]);
  };
  let before = session();
  watch(
    () => toValue(options),
    (now) => {
      store.update(now);
      if (!isMounted || session() === before) return;
      before = session();
      store.stop();
      start();
    },
    { deep: true },
  );
  /** @type {PhoneStore["on"]} */
  const on = (event, listener) => {
    const end = store.on(event, listener);
    if (getCurrentScope()) onScopeDispose(end);
    return end;
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
  provide(KEY, refs);
  return refs;
}
