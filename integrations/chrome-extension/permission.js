// The page that asks for the microphone once, after the extension was installed.
const permissionNote = /** @type {HTMLElement} */ (document.getElementById("note"));
document.getElementById("allow")?.addEventListener("click", async () => {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    for (const track of stream.getTracks()) track.stop();
    permissionNote.textContent = "The microphone is allowed. You can close this page.";
  } catch (error) {
    permissionNote.textContent =
      /** @type {DOMException} */ (error).name === "NotFoundError"
        ? "No microphone was found. Connect one and press the button again."
        : "Microphone access was denied. Allow it in the address bar, then press the button again.";
  }
});
