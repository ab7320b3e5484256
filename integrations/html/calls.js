// Lists each call when it ends. Send it to your own system here too: `callId` is unique, so repeats can be dropped.
EpochPhone.on("callEnded", (call) => {
  const entry = document.createElement("li");
  entry.textContent = `${call.number}: ${call.status}, ${call.duration} s`;
  document.getElementById("calls")?.append(entry);
});
