// The page that opens after the installation: shows the origin to allow for the token, and asks for the microphone.
import { allowPage } from "./config.js";

/** @type {HTMLElement} */ (document.getElementById("origin")).textContent = location.origin;
/** @type {HTMLAnchorElement} */ (document.getElementById("allow-page")).href = allowPage();
const note = /** @type {HTMLElement} */ (document.getElementById("note"));
document.getElementById("allow")?.addEventListener("click", async () => {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    for (const track of stream.getTracks()) track.stop();
    note.textContent = "The microphone is allowed. You can close this page.";
  } catch (error) {
    note.textContent =
      /** @type {DOMException} */ (error).name === "NotFoundError"
        ? "No microphone was found. Connect one and press the button again."
        : "Microphone access was denied. Allow it in the address bar, then press the button again.";
  }
});
