/** Uploads recordings for greetings, and records them with the microphone. */
import { find } from "../../shared/dom.js";
import { showToast } from "../../shared/toast.js";
import { wavOf } from "../../shared/wav.js";
import { showLocalTimes } from "./local-times.js";
import { enablePlaybackSpeed } from "./playback-speed.js";

const SAMPLE_RATE = 16_000;
const LIST = "[data-recording-list]";
/** Lists of recordings to choose from. */
const CHOICES = ["recording", "later_recording"];
const NOT_SENT = "The recording could not be sent. Check the connection, and press Upload to send it again";
const NO_MICROPHONE = "The microphone cannot be used. Allow it for this page, or upload a file";

/** @param {Document} document */
export function enableRecordings(document) {
  /** @type {HTMLElement | null} */
  const card = document.querySelector("[data-recordings]");
  if (card) new Recordings(document, card);
}

class Recordings {
  /** @type {MediaRecorder | undefined} */
  #recorder;
  #document;
  #card;
  #file;
  #error;
  #upload;
  #start;
  #stop;
  #time;
  #name;
  #shared;
  /** A recording of the microphone that was not received. @type {Blob | undefined} */
  #unsent;

  /**
   * @param {Document} document
   * @param {HTMLElement} card
   */
  constructor(document, card) {
    this.#document = document;
    this.#card = card;
    /** @type {HTMLFormElement} */
    const form = find(card, "[data-recording-form]");
    this.#file = /** @type {HTMLInputElement} */ (find(form, "input[type=file]"));
    this.#error = find(form, ".error");
    this.#upload = /** @type {HTMLButtonElement} */ (find(form, "[data-recording-upload]"));
    this.#start = /** @type {HTMLButtonElement} */ (find(form, "[data-recording-start]"));
    this.#stop = /** @type {HTMLButtonElement} */ (find(form, "[data-recording-stop]"));
    this.#time = find(form, "[data-recording-time]");
    this.#name = /** @type {HTMLInputElement | null} */ (form.querySelector("[data-recording-name]"));
    this.#shared = /** @type {HTMLInputElement | null} */ (form.querySelector("[data-recording-shared]"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#sendFile();
    });
    this.#start.addEventListener("click", () => void this.#record());
    this.#stop.addEventListener("click", () => this.#recorder?.stop());
    form.hidden = false;
  }

  async #sendFile() {
    const file = this.#file.files?.[0];
    if (!file && this.#unsent) return this.#send(this.#unsent, "");
    if (!file) return this.#refuse("Choose a WAV or MP3 file first");
    // The server would end the connection in the middle of the file, and the reason would be lost.
    if (file.size > Number(this.#card.dataset.maxBytes)) {
      return this.#refuse("The file is larger than 10 MB. Save the recording as MP3, or make it shorter");
    }
    await this.#send(file, file.name.replace(/\.[^.]*$/, ""));
  }

  async #record() {
    this.#refuse("");
    let stream;
    // A second click while the browser asks for the microphone would begin a recording that nothing ends.
    this.#start.disabled = true;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      return this.#refuse(NO_MICROPHONE);
    } finally {
      this.#start.disabled = false;
    }
    /** @type {Blob[]} */
    const pieces = [];
    const began = Date.now();
    const show = () => {
      const seconds = Math.floor((Date.now() - began) / 1000);
      this.#time.textContent = `Recording: ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      if (seconds >= Number(this.#card.dataset.maxSeconds) - 1) this.#recorder?.stop();
    };
    const clock = setInterval(show, 500);
    this.#recorder = new MediaRecorder(stream);
    this.#recorder.addEventListener("dataavailable", ({ data }) => pieces.push(data));
    this.#recorder.addEventListener("stop", () => {
      clearInterval(clock);
      for (const track of stream.getTracks()) track.stop();
      this.#showRecording(false);
      void this.#saveRecorded(new Blob(pieces));
    });
    this.#recorder.start();
    show();
    this.#showRecording(true);
    this.#stop.focus();
  }

  /** @param {boolean} runs */
  #showRecording(runs) {
    this.#start.hidden = this.#upload.hidden = runs;
    this.#stop.hidden = this.#time.hidden = !runs;
  }

  /** @param {Blob} recorded */
  async #saveRecorded(recorded) {
    const context = new AudioContext();
    try {
      const sound = await context.decodeAudioData(await recorded.arrayBuffer());
      const mono = new OfflineAudioContext(1, Math.max(1, Math.ceil(sound.duration * SAMPLE_RATE)), SAMPLE_RATE);
      const source = new AudioBufferSourceNode(mono, { buffer: sound });
      source.connect(mono.destination);
      source.start();
      const rendered = await mono.startRendering();
      this.#unsent = wavOf(rendered.getChannelData(0), SAMPLE_RATE);
      await this.#send(this.#unsent, "");
    } catch {
      this.#refuse("Nothing was recorded. Record it again");
    } finally {
      await context.close();
    }
  }

  /**
   * @param {Blob} file
   * @param {string} name
   */
  async #send(file, name) {
    this.#refuse("");
    this.#upload.disabled = this.#start.disabled = true;
    try {
      const query = new URLSearchParams({ name: (this.#name?.value.trim() || name).slice(0, 100) });
      if (this.#shared) query.set("shared", String(this.#shared.checked));
      const url = `${this.#card.dataset.upload}?${query}`;
      const token = /(?:^|; )csrftoken=([^;]*)/.exec(this.#document.cookie)?.[1] ?? "";
      const headers = { "content-type": file.type || "application/octet-stream", "x-csrftoken": token };
      const answer = await fetch(url, { method: "POST", headers, body: file });
      const body = await answer.json();
      if (!answer.ok) return this.#refuse(body.errors?.[0]?.message ?? body.detail);
      this.#unsent = undefined;
      this.#file.value = "";
      if (this.#name) this.#name.value = "";
      const added = `Recording added: ${body.name}, ${body.seconds} s`;
      const isListed = await this.#refresh().then(
        () => true,
        () => false,
      );
      const next = this.#name ? "" : ". Choose it under Greeting";
      showToast(this.#document, added + (isListed ? next : ". Reload the page to see it"));
    } catch {
      this.#refuse(NOT_SENT);
    } finally {
      this.#upload.disabled = this.#start.disabled = false;
    }
  }

  /**
   * Show the new recording in the list and in the choices; what was typed on the page stays.
   * @throws the page cannot be fetched, or is another one
   */
  async #refresh() {
    const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
    find(this.#card, LIST).replaceChildren(...find(page, LIST).childNodes);
    showLocalTimes(this.#document);
    enablePlaybackSpeed(this.#document);
    for (const name of CHOICES) {
      const selector = `select[name=${name}]`;
      /** @type {HTMLSelectElement | null} */
      const choice = this.#document.querySelector(selector);
      if (!choice) continue;
      const chosen = choice.value;
      choice.replaceChildren(...find(page, selector).childNodes);
      choice.value = chosen;
    }
  }

  /** @param {string} message empty for none */
  #refuse(message) {
    this.#error.textContent = message;
    this.#error.hidden = !message;
  }
}
