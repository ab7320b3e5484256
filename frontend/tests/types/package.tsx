/// <reference path="../../phone.d.ts" />
// An application's program with the types of the npm package, beside those of phone.d.ts. TypeScript must
// report an error in each line after `@ts-expect-error`, and no other error.
import { EpochPhoneLoadError, loadPhone, PhoneStore } from "@epoch-voice/phone-js";
import type * as packed from "@epoch-voice/phone-js";
import { defineEpochPhone } from "@epoch-voice/phone-js/element";
import { EpochPhoneProvider, useEpochPhone, useEpochPhoneEvent } from "@epoch-voice/phone-js/react";
import { useEpochPhone as useInVue } from "@epoch-voice/phone-js/vue";

const src = "https://voice.example.com/widget/v1/phone.js";

// The package's phone is the page's phone.
export const ofPackage: packed.EpochPhoneApi = EpochPhone;
export const ofPage: EpochPhoneApi = ofPackage;
export const settings: packed.PhoneSettings = { clickToCall: true, texts: { de: { call: "Anklingeln" } } };
export const events: packed.EpochPhoneEvents = {} as EpochPhoneEvents;

loadPhone({ src, nonce: "r4nd0m" }).then(
  (phone) => phone.call("+12125550101", { metadata: { lead: 7 } }),
  (error: unknown) => error instanceof EpochPhoneLoadError && error.code === "load_failed",
);
const store = new PhoneStore({ src, token: "ept_x", settings });
store.on("callEnded", ({ duration }) => duration.toFixed(0));
defineEpochPhone();

export function Contact() {
  const { phone, isReady, error } = useEpochPhone();
  useEpochPhoneEvent("callAnswered", ({ answeredAt }) => answeredAt.slice(0, 10));
  return (
    <button disabled={!isReady} onClick={() => phone?.call("+12125550101")}>
      {error?.message}
    </button>
  );
}
export const app = (
  <EpochPhoneProvider src={src} token="ept_x" settings={settings}>
    <Contact />
  </EpochPhoneProvider>
);
const inVue = useInVue(() => ({ src, token: null }));
export const duration: number | undefined = inVue.call.value?.number.length;

// @ts-expect-error the address is missing
loadPhone({});
// @ts-expect-error no such event
store.on("callStart", () => {});
// @ts-expect-error not a field of the payload
store.on("callEnded", ({ seconds }) => seconds);
// @ts-expect-error no such setting
export const wrong = <EpochPhoneProvider src={src} token="ept_x" settings={{ colour: "red" }} />;
// @ts-expect-error the phone may not be loaded yet
inVue.phone.value.hangup();
// @ts-expect-error a number is text
store.getSnapshot().phone?.call(12125550101);
