// Lists each call when it ends. Send it to your own system here too: `callId` is unique, so repeats can be dropped.
EpochPhone.on("callEnded", (call) => {
  const entry = document.createElement("li");
  const number = call.extension ? `${call.number} ext. ${call.extension}` : call.number;
  entry.textContent = `${number}: ${call.status}, ${call.duration} s`;
  document.getElementById("calls")?.append(entry);
});
