/** Uploads recorded greetings: audio files, or recordings made with the microphone. */
import { find } from "../../shared/dom.js";
import { showToast } from "../../shared/toast.js";
import { encodeWav } from "../../shared/wav.js";
import { showLocalTimes } from "./local-times.js";
import { enablePlaybackSpeed } from "./playback-speed.js";

const SAMPLE_RATE = 16_000;
const LIST_SELECTOR = "[data-recording-list]";
/** Names of the selects that list the recordings. */
const RECORDING_SELECTS = ["recording", "later_recording"];
const NOT_SENT_ERROR = "The recording could not be sent. Check the connection, and press Upload to send it again";
const NO_MICROPHONE_ERROR = "The microphone cannot be used. Allow it for this page, or upload a file";

/** @param {Document} document */
export function enableRecordings(document) {
  /** @type {HTMLElement | null} */
  const card = document.querySelector("[data-recordings]");
  if (card) new RecordingForm(document, card);
}

class RecordingForm {
  /** @type {MediaRecorder | undefined} */
  #recorder;
  #document;
  #card;
  #fileField;
  #errorText;
  #uploadButton;
  #startButton;
  #stopButton;
  #timeText;
  #nameField;
  #sharedBox;
  /** A recording of the microphone that the server has not received. @type {Blob | undefined} */
  #unsentRecording;

  /**
   * @param {Document} document
   * @param {HTMLElement} card
   */
  constructor(document, card) {
    this.#document = document;
    this.#card = card;
    /** @type {HTMLFormElement} */
    const form = find(card, "[data-recording-form]");
    this.#fileField = /** @type {HTMLInputElement} */ (find(form, "input[type=file]"));
    this.#errorText = find(form, ".error");
    this.#uploadButton = /** @type {HTMLButtonElement} */ (find(form, "[data-recording-upload]"));
    this.#startButton = /** @type {HTMLButtonElement} */ (find(form, "[data-recording-start]"));
    this.#stopButton = /** @type {HTMLButtonElement} */ (find(form, "[data-recording-stop]"));
    this.#timeText = find(form, "[data-recording-time]");
    this.#nameField = /** @type {HTMLInputElement | null} */ (form.querySelector("[data-recording-name]"));
    this.#sharedBox = /** @type {HTMLInputElement | null} */ (form.querySelector("[data-recording-shared]"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#sendFile();
    });
    this.#startButton.addEventListener("click", () => void this.#record());
    this.#stopButton.addEventListener("click", () => this.#recorder?.stop());
    form.hidden = false;
  }

  async #sendFile() {
    const file = this.#fileField.files?.[0];
    if (!file && this.#unsentRecording) return this.#send(this.#unsentRecording, "");
    if (!file) return this.#showError("Choose a WAV or MP3 file first");
    // The server would end the connection in the middle of the file, and the reason would be lost.
    if (file.size > Number(this.#card.dataset.maxBytes)) {
      return this.#showError("The file is larger than 10 MB. Save the recording as MP3, or make it shorter");
    }
    await this.#send(file, file.name.replace(/\.[^.]*$/, ""));
  }

  async #record() {
    this.#showError("");
    let stream;
    // A second click while the browser asks for the microphone would begin a recording that nothing ends.
    this.#startButton.disabled = true;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      return this.#showError(NO_MICROPHONE_ERROR);
    } finally {
      this.#startButton.disabled = false;
    }
    /** @type {Blob[]} */
    const pieces = [];
    const startedAt = Date.now();
    const showElapsed = () => {
      const seconds = Math.floor((Date.now() - startedAt) / 1000);
      this.#timeText.textContent = `Recording: ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      if (seconds >= Number(this.#card.dataset.maxSeconds) - 1) this.#recorder?.stop();
    };
    const timer = setInterval(showElapsed, 500);
    this.#recorder = new MediaRecorder(stream);
    this.#recorder.addEventListener("dataavailable", ({ data }) => pieces.push(data));
    this.#recorder.addEventListener("stop", () => {
      clearInterval(timer);
      for (const track of stream.getTracks()) track.stop();
      this.#showButtons(false);
      void this.#sendRecorded(new Blob(pieces));
    });
    this.#recorder.start();
    showElapsed();
    this.#showButtons(true);
    this.#stopButton.focus();
  }

  /** @param {boolean} isRecording */
  #showButtons(isRecording) {
    this.#startButton.hidden = this.#uploadButton.hidden = isRecording;
    this.#stopButton.hidden = this.#timeText.hidden = !isRecording;
  }

  /** @param {Blob} recorded */
  async #sendRecorded(recorded) {
    const context = new AudioContext();
    try {
      const sound = await context.decodeAudioData(await recorded.arrayBuffer());
      const mono = new OfflineAudioContext(1, Math.max(1, Math.ceil(sound.duration * SAMPLE_RATE)), SAMPLE_RATE);
      const source = new AudioBufferSourceNode(mono, { buffer: sound });
      source.connect(mono.destination);
      source.start();
      const rendered = await mono.startRendering();
      this.#unsentRecording = encodeWav(rendered.getChannelData(0), SAMPLE_RATE);
      await this.#send(this.#unsentRecording, "");
    } catch {
      this.#showError("Nothing was recorded. Record it again");
    } finally {
      await context.close();
    }
  }

  /**
   * @param {Blob} file
   * @param {string} name
   */
  async #send(file, name) {
    this.#showError("");
    this.#uploadButton.disabled = this.#startButton.disabled = true;
    try {
      const query = new URLSearchParams({ name: (this.#nameField?.value.trim() || name).slice(0, 100) });
      if (this.#sharedBox) query.set("shared", String(this.#sharedBox.checked));
      const url = `${this.#card.dataset.upload}?${query}`;
      const token = /(?:^|; )csrftoken=([^;]*)/.exec(this.#document.cookie)?.[1] ?? "";
      const headers = { "content-type": file.type || "application/octet-stream", "x-csrftoken": token };
      const response = await fetch(url, { method: "POST", headers, body: file });
      const body = await response.json();
      if (!response.ok) return this.#showError(body.errors?.[0]?.message ?? body.detail);
      this.#unsentRecording = undefined;
      this.#fileField.value = "";
      if (this.#nameField) this.#nameField.value = "";
      const notice = `Recording added: ${body.name}, ${body.seconds} s`;
      const isListed = await this.#refresh().then(
        () => true,
        () => false,
      );
      const advice = this.#nameField ? "" : ". Choose it under Greeting";
      showToast(this.#document, notice + (isListed ? advice : ". Reload the page to see it"));
    } catch {
      this.#showError(NOT_SENT_ERROR);
    } finally {
      this.#uploadButton.disabled = this.#startButton.disabled = false;
    }
  }

  /**
   * Fetch the page and show the new recording in the list and in the selects; what was typed on the page stays.
   * @throws the page cannot be fetched, or has no list, as after the session has ended
   */
  async #refresh() {
    const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
    find(this.#card, LIST_SELECTOR).replaceChildren(...find(page, LIST_SELECTOR).childNodes);
    showLocalTimes(this.#document);
    enablePlaybackSpeed(this.#document);
    for (const name of RECORDING_SELECTS) {
      const selector = `select[name=${name}]`;
      /** @type {HTMLSelectElement | null} */
      const select = this.#document.querySelector(selector);
      if (!select) continue;
      const selected = select.value;
      select.replaceChildren(...find(page, selector).childNodes);
      select.value = selected;
    }
  }

  /** @param {string} message An empty one hides the last error. */
  #showError(message) {
    this.#errorText.textContent = message;
    this.#errorText.hidden = !message;
  }
}
