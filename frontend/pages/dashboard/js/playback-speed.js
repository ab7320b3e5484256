/** A list of speeds beside each player of a recording: one choice for all of them, kept for the next page. */

const KEY = "playback-speed";
const SPEEDS = ["0.75", "1", "1.25", "1.5", "1.75", "2"];
const NORMAL = "1";

/** @param {ParentNode} parent The document, or a part that was loaded later. */
export function enablePlaybackSpeed(parent) {
  for (const element of parent.querySelectorAll("audio[controls]:not([data-speed])")) {
    const audio = /** @type {HTMLAudioElement} */ (element);
    audio.dataset.speed = "";
    audio.after(speedList(audio));
    setSpeed(audio, stored());
  }
}

/** @param {HTMLAudioElement} audio */
function speedList(audio) {
  const list = audio.ownerDocument.createElement("select");
  list.className = "speed";
  list.setAttribute("aria-label", `Speed: ${audio.getAttribute("aria-label") ?? ""}`);
  for (const speed of SPEEDS) list.append(new Option(`${speed} ×`, speed));
  list.addEventListener("change", () => {
    store(list.value);
    for (const other of audio.ownerDocument.querySelectorAll("audio[data-speed]")) {
      setSpeed(/** @type {HTMLAudioElement} */ (other), list.value);
    }
  });
  return list;
}

/**
 * @param {HTMLAudioElement} audio
 * @param {string} speed
 */
function setSpeed(audio, speed) {
  // Also the default one: loading, which begins with the first play, sets the rate to it.
  audio.defaultPlaybackRate = audio.playbackRate = Number(speed);
  if (audio.nextElementSibling instanceof HTMLSelectElement) audio.nextElementSibling.value = speed;
}

/** @returns {string} */
function stored() {
  try {
    const speed = localStorage.getItem(KEY) ?? NORMAL;
    return SPEEDS.includes(speed) ? speed : NORMAL;
  } catch {
    return NORMAL; // The browser keeps nothing for this site.
  }
}

/** @param {string} speed */
function store(speed) {
  try {
    localStorage.setItem(KEY, speed);
  } catch {
    // The browser keeps nothing for this site: the choice holds for this page.
  }
}
