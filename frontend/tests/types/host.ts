/// <reference path="../../phone.d.ts" />
// A customer's program with the types of phone.d.ts, for types.test.js. TypeScript must report an error in each line
// after `@ts-expect-error`, and no other error.

window.EpochPhoneConfig = { token: "ept_x", clickToCall: true, position: "bottom-left" };

const begun: boolean = EpochPhone.call("+12125550123", { metadata: { lead: 7 } });
const unsubscribe: () => void = EpochPhone.on("callEnded", (call) => {
  const line: string = `${call.number} ${call.status} ${call.duration.toFixed(0)} ${call.message ?? ""}`;
  const lead: unknown = call.metadata?.["lead"];
  console.log(line, lead, begun);
});
unsubscribe();

EpochPhone.on("ready", () => EpochPhone.open());
EpochPhone.on("error", ({ code, message }) => console.error(code, message));
EpochPhone.on("stateChanged", ({ state }) => {
  if (state === "in-progress") EpochPhone.mute();
});
window.addEventListener("epochphone:callAnswered", (event) => console.log(event.detail.answeredAt));
window.EpochPhone?.test({ progress: (step, result) => console.log(step, result?.ok) }).then(({ text, signaling }) => {
  console.log(text, signaling.edge);
});

// @ts-expect-error no such event
EpochPhone.on("callStart", () => {});
// @ts-expect-error no such state
if (EpochPhone.getState() === "talking") EpochPhone.hangup();
// @ts-expect-error a number is text
EpochPhone.call(12125550123);
// @ts-expect-error not a field of the payload
EpochPhone.on("callEnded", (call) => call.seconds);
